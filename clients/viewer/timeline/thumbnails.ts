import { parseServerMessage } from "../../../src/protocol/parse.ts";
import { context2d } from "../paint/canvas.ts";
import { rgbSheet } from "../paint/sheet.ts";
import type { FrameRing } from "./frame-ring.ts";

/** Small pictures of frames, made when first asked for; `prune` lets go what was not asked for since the last time. */
export class Thumbnails {
  readonly #sizePx: number;
  readonly #sheet = rgbSheet();
  #held = new Map<number, HTMLCanvasElement>();
  #asked = new Map<number, HTMLCanvasElement>();

  constructor(sizePx: number) {
    this.#sizePx = sizePx;
  }

  of(ring: FrameRing, n: number): HTMLCanvasElement | null {
    const known = this.#asked.get(n) ?? this.#held.get(n) ?? this.#made(ring.messageCopy(n));
    if (known) this.#asked.set(n, known);
    return known;
  }

  prune(): void {
    this.#held = this.#asked;
    this.#asked = new Map();
  }

  #made(message: Uint8Array | null): HTMLCanvasElement | null {
    const parsed = message && parseServerMessage(message);
    if (!parsed?.ok || parsed.message.type !== "frame") return null;
    const canvas = document.createElement("canvas");
    canvas.width = this.#sizePx;
    canvas.height = this.#sizePx;
    const pen = context2d(canvas);
    pen.imageSmoothingQuality = "high";
    pen.drawImage(this.#sheet(parsed.message), 0, 0, this.#sizePx, this.#sizePx);
    return canvas;
  }
}
