import type { FrameState } from "../../../src/protocol/messages.ts";
import type { Surface } from "../paint/canvas.ts";
import { CANVAS_FONT, COLOURS } from "../paint/colours.ts";
import { placeOf, type Stretch } from "./axis.ts";
import type { Timeline } from "./timeline.ts";

interface Band {
  top: number;
  height: number;
}

/** Frames further apart than this leave a hole in the band, ms. */
const HOLE_MS = 500;
const LABEL_FROM_PX = 44;

/** How high and in what colour: a bad state differs by its height too, not by its colour alone. */
const LOOKS: Record<FrameState, { colour: string; share: number }> = {
  ok: { colour: COLOURS.accent, share: 1 },
  late: { colour: COLOURS.warn, share: 1 },
  held: { colour: COLOURS.warn, share: 0.66 },
  "no-reconstruction": { colour: COLOURS.fault, share: 0.33 },
};

/** What could be reconstructed, run by run; a hole where no frame came. */
export function drawStates({ pen, ratio, width }: Surface, timeline: Timeline, at: Stretch, band: Band): void {
  const { ring } = timeline;
  const x = (ms: number) => placeOf(ms, at.nowMs, at.lengthMs) * width * ratio;
  const draw = (from: number, to: number, endMs: number) => {
    const { colour, share } = LOOKS[ring.state(from) ?? "ok"];
    const left = x(ring.arrivedAtMs(from));
    const high = band.height * share * ratio;
    pen.fillStyle = colour;
    pen.fillRect(left, (band.top + band.height) * ratio - high, Math.max(ratio, x(endMs) - left), high);
    return to;
  };
  let from = ring.oldest;
  for (let n = ring.oldest; n < ring.end; n++) {
    const next = n + 1 < ring.end ? ring.arrivedAtMs(n + 1) : at.nowMs;
    const hole = next - ring.arrivedAtMs(n) > HOLE_MS;
    if (n + 1 < ring.end && !hole && ring.state(n + 1) === ring.state(from)) continue;
    from = draw(from, n + 1, hole ? ring.arrivedAtMs(n) : next);
  }
}

/** Which stimulus was on, with its name where there is room for it. */
export function drawStimuli({ pen, ratio, width }: Surface, timeline: Timeline, at: Stretch, band: Band): void {
  const { ring, stimuli } = timeline;
  const runs = stimuli.listBorrowed;
  const x = (ms: number) => placeOf(ms, at.nowMs, at.lengthMs) * width * ratio;
  pen.font = `${11 * ratio}px ${CANVAS_FONT}`;
  pen.textBaseline = "middle";
  pen.textAlign = "left";
  for (const [i, { from, value }] of runs.entries()) {
    const id = value?.id ?? "blank";
    if (id === "blank") continue;
    const left = x(ring.arrivedAtMs(Math.max(from, ring.oldest)));
    const next = runs[i + 1];
    const right = next ? x(ring.arrivedAtMs(Math.max(next.from, ring.oldest))) : x(at.nowMs);
    pen.fillStyle = COLOURS.line;
    pen.fillRect(left, band.top * ratio, Math.max(ratio, right - left - ratio), band.height * ratio);
    if (right - left > LABEL_FROM_PX * ratio) label(pen, id, left, right, band, ratio);
  }
}

function label(
  pen: CanvasRenderingContext2D,
  id: string,
  left: number,
  right: number,
  band: Band,
  ratio: number,
): void {
  pen.save();
  pen.beginPath();
  pen.rect(left, band.top * ratio, right - left - 4 * ratio, band.height * ratio);
  pen.clip();
  pen.fillStyle = COLOURS.text;
  pen.fillText(id, left + 4 * ratio, (band.top + band.height / 2 + 0.5) * ratio);
  pen.restore();
}
