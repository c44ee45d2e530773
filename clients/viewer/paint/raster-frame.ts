import { RASTER_SECONDS } from "../lib/state.ts";
import type { Interval } from "../lib/stimuli.ts";
import { CANVAS_FONT, COLOURS } from "./colours.ts";

/** CSS pixels around the plot. */
export const MARGIN = { left: 34, right: 2, top: 22, bottom: 20 } as const;

/** Without bins for this long the raster says so. */
const SILENT_S = 0.25;

/** The plotted area, device pixels. */
export interface Plot {
  left: number;
  top: number;
  width: number;
  height: number;
  ratio: number;
}

/** Shades the time each stimulus was on, its id above; one that is still on, as far as bins have come. */
export function drawIntervals(
  pen: CanvasRenderingContext2D,
  plot: Plot,
  intervals: readonly Interval[],
  edgeS: number,
  knownS: number,
): void {
  const fromS = edgeS - RASTER_SECONDS;
  const x = (s: number) => plot.left + ((s - fromS) / RASTER_SECONDS) * plot.width;
  pen.font = `600 ${13 * plot.ratio}px ${CANVAS_FONT}`;
  pen.textBaseline = "middle";
  pen.textAlign = "left";
  for (const { id, startS, endS } of intervals) {
    const left = Math.max(plot.left, x(startS));
    const right = Math.min(plot.left + plot.width, x(endS ?? knownS));
    if (right <= left) continue;
    pen.fillStyle = COLOURS.accentSoft;
    pen.fillRect(left, plot.top, right - left, plot.height);
    pen.fillStyle = COLOURS.accent;
    pen.fillRect(left, plot.top - 3 * plot.ratio, right - left, 2 * plot.ratio);
    drawClipped(pen, id, left, plot.top - 12 * plot.ratio, right - left);
  }
}

/** Tints the time for which no bin has come: an empty raster must not look like silent units. Returns how far all is known, s. */
export function drawSilence(pen: CanvasRenderingContext2D, plot: Plot, edgeS: number, endS: number): number {
  const seconds = edgeS - endS;
  if (!(seconds > SILENT_S)) return edgeS;
  const wide = Math.min(1, seconds / RASTER_SECONDS) * plot.width;
  pen.fillStyle = COLOURS.gap;
  pen.fillRect(plot.left + plot.width - wide, plot.top, wide, plot.height);
  return endS;
}

/** Text that ends where its stretch ends; nothing at all where not even a few letters fit. */
function drawClipped(pen: CanvasRenderingContext2D, text: string, x: number, y: number, width: number): void {
  pen.save();
  pen.beginPath();
  pen.rect(x, 0, width, y * 2);
  pen.clip();
  pen.fillText(text, x, y);
  pen.restore();
}

/** Seconds below, unit numbers at the left, a thin frame. */
export function drawScales(pen: CanvasRenderingContext2D, plot: Plot, units: number): void {
  const { left, top, width, height, ratio } = plot;
  pen.fillStyle = COLOURS.line;
  pen.fillRect(left, top + height, width, ratio);
  pen.fillStyle = COLOURS.dim;
  pen.font = `${12 * ratio}px ${CANVAS_FONT}`;
  pen.textBaseline = "middle";
  const below = top + height + 11 * ratio;
  for (let s = 0; s <= RASTER_SECONDS; s++) {
    pen.textAlign = s === 0 ? "left" : s === RASTER_SECONDS ? "right" : "center";
    const text = s === RASTER_SECONDS ? "now" : `−${RASTER_SECONDS - s} s`;
    pen.fillText(text, left + (s / RASTER_SECONDS) * width, below);
  }
  pen.textAlign = "right";
  pen.fillText("1", left - 7 * ratio, top + 6 * ratio);
  pen.fillText(String(units), left - 7 * ratio, top + height - 6 * ratio);
}
