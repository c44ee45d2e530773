/** A picture as it comes over the wire: RGB, row by row, 8 bits a channel. */
export interface Rgb {
  readonly width: number;
  readonly height: number;
  readonly image: Uint8Array;
}

/** The picture as models take it: planes [3, height, width] in [-1, 1], scaled by area: each pixel is the mean of what it covers. */
export function planesOf(picture: Rgb, width: number, height: number): Float32Array {
  const planes = new Float32Array(3 * width * height);
  const columns = covers(picture.width, width);
  const rows = covers(picture.height, height);
  for (const [y, overRows] of rows.entries())
    for (const [x, overColumns] of columns.entries())
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        for (const [row, ofRow] of overRows)
          for (const [column, ofColumn] of overColumns)
            sum += ofRow * ofColumn * (picture.image[3 * (row * picture.width + column) + channel] ?? 0);
        planes[(channel * height + y) * width + x] = sum / 127.5 - 1;
      }
  return planes;
}

/** For each of `to` pixels, which of `from` it covers and to what part; parts sum to 1. */
function covers(from: number, to: number): [index: number, part: number][][] {
  return Array.from({ length: to }, (_, i) => {
    const [start, end] = [(i * from) / to, ((i + 1) * from) / to];
    const parts: [number, number][] = [];
    for (let at = Math.floor(start); at < end && at < from; at++) {
      const part = (Math.min(end, at + 1) - Math.max(start, at)) / (end - start);
      if (part > 1e-9) parts.push([at, part]);
    }
    return parts;
  });
}
