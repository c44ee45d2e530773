import { openSurface, type Surface } from "../paint/canvas.ts";
import { CANVAS_FONT, COLOURS } from "../paint/colours.ts";
import { axisMs, placeOf, type Stretch, ticks } from "./axis.ts";
import { drawStates, drawStimuli } from "./bands.ts";
import { Thumbnails } from "./thumbnails.ts";
import type { Timeline } from "./timeline.ts";

const REDRAW_EVERY_MS = 250;
/** CSS pixels from the top: pictures, evidence, stimuli, times. */
const THUMB = 34;
const STATES = { top: THUMB + 3, height: 6 };
const STIMULI = { top: STATES.top + STATES.height + 2, height: 14 };

export function stretchOf(timeline: Timeline, nowMs: number): Stretch {
  const heldMs = nowMs - timeline.ring.arrivedAtMs(timeline.ring.oldest);
  return { nowMs, lengthMs: axisMs(heldMs > 0 ? heldMs : 0) };
}

/** Number of the frame that stands for a stretch of time: the first with a picture, or the first; null where none came. */
function standsFor({ ring }: Timeline, fromMs: number, toMs: number): number | null {
  const first = ring.firstSince(fromMs);
  for (let n = first; ring.arrivedAtMs(n) < toMs; n++) if (ring.state(n) !== "no-reconstruction") return n;
  return ring.arrivedAtMs(first) < toMs ? first : null;
}

/** A picture for every cell of the axis; cells are counted on the page's clock, so that pictures move and do not change. */
function drawThumbnails({ pen, ratio, width }: Surface, timeline: Timeline, at: Stretch, made: Thumbnails): void {
  const cells = Math.max(1, Math.floor(width / THUMB));
  const cellMs = at.lengthMs / cells;
  const size = THUMB * ratio;
  const { ring } = timeline;
  const first = Math.floor((at.nowMs - at.lengthMs) / cellMs);
  for (let cell = first; cell * cellMs <= at.nowMs; cell++) {
    const n = standsFor(timeline, cell * cellMs, (cell + 1) * cellMs);
    if (n === null) continue;
    const x = placeOf(cell * cellMs, at.nowMs, at.lengthMs) * width * ratio;
    const picture = ring.state(n) === "no-reconstruction" ? null : made.of(ring, n);
    if (picture) pen.drawImage(picture, x, 0, size, size);
    else drawNone(pen, x, size);
  }
  made.prune();
}

/** As on the large picture: a dark field with diagonal lines. */
function drawNone(pen: CanvasRenderingContext2D, x: number, size: number): void {
  pen.strokeStyle = COLOURS.hatch;
  pen.lineWidth = size / 16;
  pen.beginPath();
  for (let from = 0; from < 4; from++) {
    pen.moveTo(x + (from * size) / 4, size);
    pen.lineTo(x + ((from + 1) * size) / 4, 0);
  }
  pen.stroke();
}

function drawTicks({ pen, ratio, width, height }: Surface, { lengthMs }: Stretch): void {
  pen.fillStyle = COLOURS.dim;
  pen.font = `${11 * ratio}px ${CANVAS_FONT}`;
  pen.textBaseline = "bottom";
  pen.textAlign = "center";
  for (const { place, label } of ticks(lengthMs)) pen.fillText(label, place * width * ratio, height * ratio);
  pen.textAlign = "right";
  pen.fillText("now", width * ratio, height * ratio);
}

/** Where the shown frame lies: a line over the whole strip, on its edge when live. */
function drawCursor({ pen, ratio, width, height }: Surface, timeline: Timeline, at: Stretch): void {
  const { cursor, shown } = timeline;
  const place = cursor === null || !shown ? 1 : Math.max(0, placeOf(shown.arrivedAtMs, at.nowMs, at.lengthMs));
  const line = (cursor === null ? 2 : 3) * ratio;
  const x = Math.min(place * width * ratio, width * ratio - line / 2);
  pen.fillStyle = cursor === null ? COLOURS.accent : COLOURS.warn;
  pen.fillRect(x - line / 2, 0, line, (height - 14) * ratio);
}

/** Pictures, evidence and stimuli of the last minutes, oldest left; drawn four times a second and when the cursor moves. */
export function stripPainter(timeline: Timeline, canvas: HTMLCanvasElement) {
  const surface = openSurface(canvas);
  const thumbnails = new Thumbnails(2 * THUMB);
  let drawn = { atMs: Number.NEGATIVE_INFINITY, version: -1, cursor: timeline.cursor };
  const paint = (nowMs: number) => {
    const { cursor } = timeline;
    const moved = drawn.version !== surface.version || drawn.cursor !== cursor;
    if (!moved && nowMs - drawn.atMs < REDRAW_EVERY_MS) return;
    drawn = { atMs: nowMs, version: surface.version, cursor };
    surface.pen.clearRect(0, 0, canvas.width, canvas.height);
    const at = stretchOf(timeline, nowMs);
    drawThumbnails(surface, timeline, at, thumbnails);
    drawStates(surface, timeline, at, STATES);
    drawStimuli(surface, timeline, at, STIMULI);
    drawTicks(surface, at);
    drawCursor(surface, timeline, at);
    canvas.dataset.frames = String(timeline.ring.size);
  };
  return { paint, release: surface.release };
}
