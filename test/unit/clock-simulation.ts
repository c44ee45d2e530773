import fc from "fast-check";
import { createRandom } from "../../rig/random.ts";
import { ClockMap } from "../../src/signal/clock.ts";

/** A source whose clock drifts, sampled by a rig that sends blocks, over a network that holds messages up. */
export interface SourceScript {
  readonly offsetMs: number;
  readonly driftPpm: number;
  readonly blockMs: number;
  /** Messages are up to this late, ms. */
  readonly jitterMs: number;
  /** Of where in its block the newest spike lies, and how late it comes. */
  readonly seed: number;
  /** At `atS` the source's clock jumps by `byMs` and stays there. */
  readonly jump?: { readonly atS: number; readonly byMs: number } | undefined;
  /** One block comes this much too late, or its stamp says so (negative: too early). */
  readonly outlier?: { readonly atS: number; readonly byMs: number } | undefined;
}

export interface Seen {
  readonly localS: number;
  readonly clock: ClockMap;
  readonly sourceS: number;
  /** Where the newest sample really was, ms. */
  readonly trueMs: number;
  readonly mappedMs: number;
}

/** Plays the script into a clock, and shows each block to `look`. */
export function playClock(script: SourceScript, seconds: number, look: (seen: Seen) => void): ClockMap {
  const clock = new ClockMap();
  const { offsetMs, driftPpm, blockMs, jitterMs, seed, jump, outlier } = script;
  const dice = createRandom(seed, 5);
  let arrivedMs = 0;
  let outlierLeft = outlier !== undefined;
  for (let block = 1; block * blockMs < seconds * 1000; block++) {
    const endMs = block * blockMs;
    const trueMs = endMs - dice.uniform() * blockMs * 0.999;
    const late = outlierLeft && outlier !== undefined && endMs >= outlier.atS * 1000 ? outlier.byMs : 0;
    if (late !== 0) outlierLeft = false;
    const jumped = jump !== undefined && trueMs >= jump.atS * 1000 ? jump.byMs : 0;
    const sourceS = (trueMs * (1 + driftPpm * 1e-6) - offsetMs + jumped - Math.min(0, late)) / 1000;
    arrivedMs = Math.max(arrivedMs, endMs + dice.uniform() * jitterMs + Math.max(0, late));
    clock.observe(sourceS, arrivedMs);
    look({ localS: endMs / 1000, clock, sourceS, trueMs, mappedMs: clock.toLocalMs(sourceS) });
  }
  return clock;
}

/** Sources within what the model promises to follow. */
export const script: fc.Arbitrary<SourceScript> = fc.record({
  offsetMs: fc.double({ min: -1e7, max: 1e7, noNaN: true }),
  driftPpm: fc.double({ min: -200, max: 200, noNaN: true }),
  blockMs: fc.double({ min: 10, max: 23, noNaN: true }),
  jitterMs: fc.double({ min: 0, max: 20, noNaN: true }),
  seed: fc.nat(),
});
