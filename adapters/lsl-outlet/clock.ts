import { readBothClocks } from "../lsl/inlet.ts";
import { hrMs } from "../lsl/messages.ts";
import type { Native } from "../lsl/native.ts";

/** Both clocks are read again after this long, ms: on most systems they are one, but nobody promises that. */
const AGAIN_MS = 10_000;

/** Maps times of `now` (ms) to LSL's clock of this machine (s). */
export function lslClock(native: Pick<Native, "localClock">, now: () => number): (ms: number) => number {
  let both = readBothClocks(native);
  return (ms) => {
    if (hrMs() - both.hrMs > AGAIN_MS) both = readBothClocks(native);
    const hrOfMs = hrMs() + (ms - now());
    return both.lslS + (hrOfMs - both.hrMs) / 1000;
  };
}
