import { createGains } from "./gains.ts";
import { createRandom } from "./random.ts";
import type { SimulatedSession } from "./session-schema.ts";
import { type RigBlock, SAMPLES_PER_MS } from "./source.ts";

/** The lists of a block that are still written to. */
export type OpenBlock = { -readonly [Key in keyof RigBlock]: RigBlock[Key][number][] };

export function openBlock(): OpenBlock {
  return { spikeSamples: [], spikeUnits: [], events: [] };
}

/** Spikes of one millisecond, given every unit's rate (Hz) at gain 1. */
export type Fire = (block: OpenBlock, ms: number, rateHz: (unit: number) => number) => void;

/** The cells of a session: Poisson in steps of 1 ms under shared and private gains. Called once a millisecond, in order; the same seed fires the same. */
export function createCells({ population, units }: SimulatedSession, seed: number): Fire {
  const chance = createRandom(seed, 0);
  const nextGains = createGains(population, seed);
  const dead = Math.ceil(population.refractoryMs);
  const lastSpikeMs = new Float64Array(units.length).fill(Number.NEGATIVE_INFINITY);
  return (block, ms, rateHz) => {
    const gains = nextGains();
    for (let unit = 0; unit < units.length; unit++) {
      const expectedSpikes = (rateHz(unit) * (gains[unit] ?? 0)) / 1_000;
      if (chance.uniform() >= 1 - Math.exp(-expectedSpikes) || ms - (lastSpikeMs[unit] ?? 0) < dead) continue;
      lastSpikeMs[unit] = ms;
      block.spikeSamples.push(ms * SAMPLES_PER_MS + chance.below(SAMPLES_PER_MS));
      block.spikeUnits.push(unit);
    }
  };
}
