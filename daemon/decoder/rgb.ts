/** Planar float image [3, H, W] in [-1, 1] -> RGB bytes, row by row, rounded. */
export function toRgb(planar: Float32Array, height: number, width: number): Uint8Array {
  const pixels = height * width;
  const rgb = new Uint8Array(3 * pixels);
  for (let channel = 0; channel < 3; channel++)
    for (let p = 0; p < pixels; p++) {
      const value = planar[channel * pixels + p]!;
      rgb[3 * p + channel] = Math.round(Math.max(0, Math.min(255, (value + 1) * 127.5)));
    }
  return rgb;
}
