import { context2d } from "../paint/canvas.ts";
import type { Picture } from "./present.ts";

/** Pixels of the pad on a side: finer than any picture that is sent, so that lines stay smooth. */
export const PAD = 256;
/** Most of a picture on a side that the daemon takes. */
const MOST = 128;
/** As between stimuli: a subject sees what is drawn, not the change of the ground. */
const GREY = "#808080";

/** A canvas to draw on, and what is on it as a picture for the subject. */
export class Pad {
  readonly #pen: CanvasRenderingContext2D;

  constructor(canvas: HTMLCanvasElement) {
    canvas.width = PAD;
    canvas.height = PAD;
    this.#pen = context2d(canvas);
    this.clear();
  }

  clear(): void {
    this.#pen.fillStyle = GREY;
    this.#pen.fillRect(0, 0, PAD, PAD);
  }

  line(from: readonly [number, number], to: readonly [number, number], width: number, colour: string): void {
    Object.assign(this.#pen, { strokeStyle: colour, lineWidth: width, lineCap: "round" });
    this.#pen.beginPath();
    this.#pen.moveTo(...from);
    this.#pen.lineTo(...to);
    this.#pen.stroke();
  }

  /** Fills the pad with the middle of a picture file. Rejects when the browser cannot read it as a picture. */
  async load(file: Blob): Promise<void> {
    const image = await createImageBitmap(file);
    const scale = PAD / Math.min(image.width, image.height);
    const [width, height] = [image.width * scale, image.height * scale];
    this.clear();
    this.#pen.imageSmoothingQuality = "high";
    this.#pen.drawImage(image, (PAD - width) / 2, (PAD - height) / 2, width, height);
    image.close();
  }

  /** RGB at the size of the bundle's pictures, at most 128x128. */
  picture(size: { width: number; height: number }): Picture {
    const [width, height] = [Math.min(MOST, size.width), Math.min(MOST, size.height)];
    const small = document.createElement("canvas");
    Object.assign(small, { width, height });
    const pen = context2d(small);
    pen.imageSmoothingQuality = "high";
    pen.drawImage(this.#pen.canvas, 0, 0, width, height);
    const { data } = pen.getImageData(0, 0, width, height);
    const image = new Uint8Array(3 * width * height);
    for (let from = 0, to = 0; to < image.length; from += 4, to += 3) image.set(data.subarray(from, from + 3), to);
    return { width, height, image };
  }
}
