import { createGains } from "./gains.ts";
import { createRandom, randomOrder } from "./random.ts";
import { adaptedHz, timeCourseTable } from "./rates.ts";
import type { SimulatedSession } from "./session-schema.ts";
import { type RigBlock, type RigEvent, type RigSource, SAMPLES_PER_MS } from "./source.ts";

/** Cells of a simulated session: Poisson in steps of 1 ms under shared and private gains. The same seed plays the same. */
export function playSimulated(session: SimulatedSession, seed: number): RigSource {
  const { presentation, population, units, stimuli } = session;
  const { onMs, offMs } = presentation;
  const trialMs = onMs + offMs;
  const chance = createRandom(seed, 0);
  const order = randomOrder(stimuli.length, createRandom(seed, 1));
  const nextGains = createGains(population, seed);
  const responses = createResponses(session);
  const dead = Math.ceil(population.refractoryMs);
  const lastSpikeMs = new Float64Array(units.length).fill(Number.NEGATIVE_INFINITY);
  let ms = 0;

  const change = (tau: number): RigEvent | undefined => {
    const sampleNum = ms * SAMPLES_PER_MS;
    if (tau === 0) {
      const id = stimuli[responses.show(order())]?.id;
      return { sampleNum, text: `stimulus ${id}`, state: 1 };
    }
    return tau === onMs && ms >= offMs ? { sampleNum, text: "stimulus blank", state: 0 } : undefined;
  };
  const step = (spikeSamples: number[], spikeUnits: number[], tau: number) => {
    const gains = nextGains();
    for (let unit = 0; unit < units.length; unit++) {
      const expectedSpikes = (responses.rateHz(unit, tau) * (gains[unit] ?? 0)) / 1_000;
      if (chance.uniform() >= 1 - Math.exp(-expectedSpikes) || ms - (lastSpikeMs[unit] ?? 0) < dead) continue;
      lastSpikeMs[unit] = ms;
      spikeSamples.push(ms * SAMPLES_PER_MS + chance.below(SAMPLES_PER_MS));
      spikeUnits.push(unit);
    }
  };
  return {
    name: session.name,
    units,
    next(blockMs): RigBlock {
      const block = { spikeSamples: [], spikeUnits: [], events: [] as RigEvent[] };
      for (const end = ms + blockMs; ms < end; ms++) {
        // The session begins with the blank that comes before a stimulus.
        const tau = (ms + onMs) % trialMs;
        const event = change(tau);
        if (event) block.events.push(event);
        step(block.spikeSamples, block.spikeUnits, tau);
      }
      return block;
    },
  };
}

/** Rates at gain 1 from a table of time courses; `show` puts a stimulus in place of the current one and returns it. */
function createResponses({ population, presentation, drivenHz, units }: SimulatedSession) {
  const table = timeCourseTable(population, presentation);
  const trialMs = presentation.onMs + presentation.offMs;
  const baseline = Float64Array.from(population.baselineHz);
  // What the latest stimulus would drive, what it drives after adaptation, and the same of the one before it.
  let unadapted: Float32Array = new Float32Array(units.length);
  let current = new Float64Array(units.length);
  let previous = new Float64Array(units.length);
  return {
    show(stimulus: number): number {
      const driven = drivenHz.subarray(stimulus * units.length, (stimulus + 1) * units.length);
      [previous, current] = [current, previous];
      for (const [unit, hz] of driven.entries()) {
        current[unit] = adaptedHz(population, unit, hz, unadapted[unit] ?? 0);
      }
      unadapted = driven;
      return stimulus;
    },
    rateHz(unit: number, tau: number): number {
      const at = unit * 2 * trialMs + tau;
      const driven = (current[unit] ?? 0) * (table[at] ?? 0) + (previous[unit] ?? 0) * (table[at + trialMs] ?? 0);
      return Math.max(0, (baseline[unit] ?? 0) + driven);
    },
  };
}
