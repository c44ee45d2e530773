import type { RasterBin } from "../lib/raster-ring.ts";
import { RASTER_SECONDS } from "../lib/state.ts";
import { context2d } from "./canvas.ts";
import { COLOURS } from "./colours.ts";

/** The strip holds a little more than is seen, so that new spikes never overwrite visible ones. */
const SPARE_SECONDS = 0.5;
const PERIOD_S = RASTER_SECONDS + SPARE_SECONDS;

/** A ring of pixels: second s of the session lies at column `(s mod period) * pxPerS`. Each bin is drawn once. */
export class RasterStrip {
  readonly canvas = document.createElement("canvas");
  readonly #pen = context2d(this.canvas);
  #pxPerS = 1;
  #rowPx = 1;
  /** End of the newest bin that was drawn, s; NaN when empty. */
  endS = Number.NaN;
  #index = -1;

  reset(plotWidth: number, height: number, units: number): void {
    this.#pxPerS = plotWidth / RASTER_SECONDS;
    this.canvas.width = Math.max(1, Math.round(PERIOD_S * this.#pxPerS));
    this.canvas.height = Math.max(1, height);
    this.#rowPx = height / Math.max(1, units);
    this.endS = Number.NaN;
    this.#index = -1;
  }

  add(bin: RasterBin, dotPx: number): void {
    const missing = this.#index >= 0 && bin.index > this.#index + 1;
    if (missing && bin.startS > this.endS) this.#span(this.endS, bin.startS, COLOURS.gap);
    this.#span(bin.startS, bin.endS, null);
    this.#pen.fillStyle = COLOURS.text;
    const tall = Math.max(1, this.#rowPx * 0.86);
    for (let i = 0; i < bin.units.length; i++) {
      const x = this.#x(bin.startS + (bin.offsetsMs[i] ?? 0) / 1000);
      this.#pen.fillRect(x, bin.units[i]! * this.#rowPx, dotPx, tall);
    }
    this.endS = bin.endS;
    this.#index = bin.index;
  }

  /** Copies seconds [fromS, toS) so that `toS` lies at `right`; what the strip does not hold stays empty. */
  copyTo(pen: CanvasRenderingContext2D, fromS: number, toS: number, left: number, top: number): void {
    const upto = Math.min(toS, this.endS);
    for (let s = fromS; s < upto; ) {
      const wrap = Math.min(upto, (Math.floor(s / PERIOD_S) + 1) * PERIOD_S);
      const wide = (wrap - s) * this.#pxPerS;
      const at = left + (s - fromS) * this.#pxPerS;
      if (wide > 0.01)
        pen.drawImage(this.canvas, this.#x(s), 0, wide, this.canvas.height, at, top, wide, this.canvas.height);
      s = wrap > s ? wrap : upto;
    }
  }

  #x(s: number): number {
    return (s % PERIOD_S) * this.#pxPerS;
  }

  /** Empties the columns of [fromS, toS) and fills them with `colour` if there is one. */
  #span(fromS: number, toS: number, colour: string | null): void {
    const from = Math.max(fromS, toS - PERIOD_S);
    const x = this.#x(from);
    const wide = (toS - from) * this.#pxPerS;
    const parts: [number, number][] = [[x, Math.min(wide, this.canvas.width - x)]];
    if (x + wide > this.canvas.width) parts.push([0, x + wide - this.canvas.width]);
    for (const [left, width] of parts) {
      this.#pen.clearRect(left, 0, width, this.canvas.height);
      if (!colour) continue;
      this.#pen.fillStyle = colour;
      this.#pen.fillRect(left, 0, width, this.canvas.height);
    }
  }
}
