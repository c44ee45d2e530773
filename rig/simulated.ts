import { createCells, openBlock } from "./cells.ts";
import { createRandom, randomOrder } from "./random.ts";
import { adaptedHz, timeCourseTable } from "./rates.ts";
import type { SimulatedSession } from "./session-schema.ts";
import { type RigBlock, type RigEvent, type RigSource, SAMPLES_PER_MS } from "./source.ts";

/** A simulated session: its stimuli in random order, each followed by a blank. The same seed plays the same. */
export function playSimulated(session: SimulatedSession, seed: number): RigSource {
  const { presentation, units, stimuli } = session;
  const { onMs, offMs } = presentation;
  const trialMs = onMs + offMs;
  const fire = createCells(session, seed);
  const order = randomOrder(stimuli.length, createRandom(seed, 1));
  const responses = createResponses(session);
  let ms = 0;

  const change = (tau: number): RigEvent | undefined => {
    const sampleNum = ms * SAMPLES_PER_MS;
    if (tau === 0) {
      const id = stimuli[responses.show(order())]?.id;
      return { sampleNum, text: `stimulus ${id}`, state: 1 };
    }
    return tau === onMs && ms >= offMs ? { sampleNum, text: "stimulus blank", state: 0 } : undefined;
  };
  return {
    name: session.name,
    units,
    next(blockMs): RigBlock {
      const block = openBlock();
      for (const end = ms + blockMs; ms < end; ms++) {
        // The session begins with the blank that comes before a stimulus.
        const tau = (ms + onMs) % trialMs;
        const event = change(tau);
        if (event) block.events.push(event);
        fire(block, ms, (unit) => responses.rateHz(unit, tau));
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
