import type { Picture } from "../../clients/ts/index.ts";

/** Cosines in each direction and colour: 4 give 48 numbers, and blobs a quarter of the picture wide. */
const WAVES = 4;
/** Numbers of a picture. */
export const DIMENSION = 3 * WAVES * WAVES;

/**
 * Numbers -> a smooth picture: red, green and blue are sums of cosines over the picture (a discrete cosine transform without its fine
 * half), the coarse ones stronger, squeezed into 0..255 by a logistic function. All zeros are grey.
 */
export function createPainter(width: number, height: number): (point: Float64Array) => Picture {
  const basis = waves(width, height);
  const pixels = width * height;
  return (point) => {
    const image = new Uint8Array(3 * pixels);
    for (let channel = 0; channel < 3; channel++) {
      const level = new Float64Array(pixels);
      for (const [k, wave] of basis.entries()) {
        const amount = point[channel * basis.length + k] ?? 0;
        for (let i = 0; i < pixels; i++) level[i]! += amount * (wave[i] ?? 0);
      }
      for (let i = 0; i < pixels; i++) image[3 * i + channel] = Math.round(255 / (1 + Math.exp(-2 * (level[i] ?? 0))));
    }
    return { width, height, image };
  };
}

function waves(width: number, height: number): Float64Array[] {
  const numbers = Array.from({ length: WAVES * WAVES }, (_, k) => [k % WAVES, Math.floor(k / WAVES)] as const);
  return numbers.map(([u, v]) => {
    const scale = ((u > 0 ? Math.SQRT2 : 1) * (v > 0 ? Math.SQRT2 : 1)) / (1 + Math.hypot(u, v));
    return Float64Array.from({ length: width * height }, (_, i) => {
      const [x, y] = [(i % width) + 0.5, Math.floor(i / width) + 0.5];
      return scale * Math.cos((Math.PI * u * x) / width) * Math.cos((Math.PI * v * y) / height);
    });
  });
}
