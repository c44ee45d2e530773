import type { Fail } from "./fail.ts";

/** One measurement of a stream's clock against the recorder's: at `time` (s) add `offset` (s). */
export interface ClockOffset {
  readonly time: number;
  readonly offset: number;
}

/** A step between two measurements that no drift explains, s: the computer of the stream was restarted. */
const RESET_S = 1;
const MOST_RESETS = 100;

/**
 * Correction of a stream's time stamps: in each run between clock resets a straight line through the measured offsets (least
 * squares), as the format's own readers do; the constant when there is one measurement, nothing when there is none.
 */
export function clockCorrection(offsets: readonly ClockOffset[], fail: Fail): (time: number) => number {
  const runs = splitAtResets(offsets).map((run) => ({ until: run.at(-1)?.time ?? 0, line: fitLine(run) }));
  if (runs.length > MOST_RESETS) fail("its clock offsets", "resets of a clock", `at most ${MOST_RESETS}`, runs.length);
  const last = runs.at(-1);
  if (last === undefined) return (time) => time;
  return (time) => {
    const { line } = runs.find(({ until }) => time <= until) ?? last;
    return time + line(time);
  };
}

function splitAtResets(offsets: readonly ClockOffset[]): ClockOffset[][] {
  const runs: ClockOffset[][] = [];
  let previous: ClockOffset | undefined;
  for (const each of offsets) {
    const reset =
      previous === undefined || each.time < previous.time || Math.abs(each.offset - previous.offset) > RESET_S;
    if (reset) runs.push([each]);
    else runs.at(-1)?.push(each);
    previous = each;
  }
  return runs;
}

function fitLine(run: readonly ClockOffset[]): (time: number) => number {
  const mean = (pick: (each: ClockOffset) => number) => run.reduce((sum, each) => sum + pick(each), 0) / run.length;
  const [time0, offset0] = [mean(({ time }) => time), mean(({ offset }) => offset)];
  const spread = run.reduce((sum, { time }) => sum + (time - time0) ** 2, 0);
  const slope = spread > 0 ? run.reduce((sum, e) => sum + (e.time - time0) * (e.offset - offset0), 0) / spread : 0;
  return (time) => offset0 + slope * (time - time0);
}
