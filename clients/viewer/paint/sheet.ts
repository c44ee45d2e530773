import type { Frame } from "../lib/state.ts";
import { context2d } from "./canvas.ts";

/** RGB bytes on a canvas of the picture's own size; its pixels are kept from frame to frame. */
export function rgbSheet() {
  const canvas = document.createElement("canvas");
  const pen = context2d(canvas);
  let pixels = pen.createImageData(1, 1);
  return (frame: Pick<Frame, "width" | "height" | "image">): HTMLCanvasElement => {
    const { width, height, image } = frame;
    if (pixels.width !== width || pixels.height !== height) {
      canvas.width = width;
      canvas.height = height;
      pixels = pen.createImageData(width, height);
      pixels.data.fill(255);
    }
    for (let from = 0, to = 0; from < image.length; from += 3, to += 4) {
      pixels.data[to] = image[from]!;
      pixels.data[to + 1] = image[from + 1]!;
      pixels.data[to + 2] = image[from + 2]!;
    }
    pen.putImageData(pixels, 0, 0);
    return canvas;
  };
}
