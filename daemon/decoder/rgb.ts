/**
 * Planar float image [3, H, W] in [-1, 1] -> RGB bytes, row by row, rounded; what lies outside is clipped. Comparisons and a truncation:
 * `Math.round`, `max` and `min` take five times as long on the few thousand numbers of a picture.
 */
export function toRgb(planar: Float32Array, height: number, width: number): Uint8Array {
  const pixels = height * width;
  const rgb = new Uint8Array(3 * pixels);
  for (let p = 0; p < pixels; p++) {
    rgb[3 * p] = toByte(planar[p]!);
    rgb[3 * p + 1] = toByte(planar[pixels + p]!);
    rgb[3 * p + 2] = toByte(planar[2 * pixels + p]!);
  }
  return rgb;
}

function toByte(value: number): number {
  const level = (value + 1) * 127.5 + 0.5;
  return level < 0 ? 0 : level > 255 ? 255 : level | 0;
}
