import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { SimulatorOptions } from "./options.ts";

/** What happened in one block: spikes in order of time (s, unit index), and at most one stimulus change a millisecond. */
export interface SimulatedBlock {
  readonly times: Float64Array;
  readonly units: Uint16Array;
  readonly events: readonly { readonly time: number; readonly text: string }[];
}

const REST = 1 / 3;

/** Poisson units with random tuning to the stimuli, in steps of 1 ms. Call it for block after block. */
export function simulatePopulation(options: SimulatorOptions, unitCount: number): () => SimulatedBlock {
  const rng = xoroshiro128plus(options.seed);
  const firing = Math.min(options.units ?? unitCount, unitCount);
  // Tuning between 0 and 2 times the mean rate, mean 1.
  const tuning = Float64Array.from({ length: firing * options.stimuli }, () => 2 * uniformFloat64(rng));
  const perMs = options.rateHz / 1_000;
  let ms = 0;
  let stimulus = -1;

  const change = (): string | undefined => {
    if (ms % options.stimulusMs !== 0) return undefined;
    const on = (ms / options.stimulusMs) % 2 === 1;
    stimulus = on ? uniformInt(rng, 0, options.stimuli - 1) : -1;
    return on ? `stimulus s${stimulus}` : ms === 0 ? undefined : "stimulus blank";
  };
  const fires = (unit: number): boolean => {
    const gain = stimulus < 0 ? REST : (tuning[unit * options.stimuli + stimulus] ?? 0);
    return uniformFloat64(rng) < 1 - Math.exp(-perMs * gain);
  };
  return () => {
    const times: number[] = [];
    const units: number[] = [];
    const events: { time: number; text: string }[] = [];
    for (const end = ms + options.blockMs; ms < end; ms++) {
      const text = change();
      if (text !== undefined) events.push({ time: ms / 1_000, text });
      for (let unit = 0; unit < firing; unit++) {
        if (!fires(unit)) continue;
        times.push((ms + 0.5) / 1_000);
        units.push(unit);
      }
    }
    return { times: Float64Array.from(times), units: Uint16Array.from(units), events };
  };
}
