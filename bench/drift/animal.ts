import { createRandom, type Random } from "../../rig/random.ts";
import type { SimulatedSession } from "../../rig/session-schema.ts";
import { playSimulated } from "../../rig/simulated.ts";
import { type RigEvent, type RigSource, SAMPLES_PER_MS } from "../../rig/source.ts";

export interface DriftOptions {
  readonly seed: number;
  /** Standard deviation and time constant of every unit's own log gain. */
  readonly driftSd: number;
  readonly driftTauMs: number;
  /** When the electrodes move. */
  readonly atMs: number;
  /** Share of the units that fall silent then. */
  readonly lost: number;
  /** Share of the units that are other cells from then on: their spikes change places with one another's. */
  readonly moved: number;
}

/** Of one bin: what was counted, and what came on or went. */
export interface Counted {
  readonly counts: Float32Array;
  readonly events: readonly RigEvent[];
}

/** The simulated animal of a session whose units drift, and of which some are lost and some are exchanged in the middle; a bin of `widthMs` at each call. */
export function driftingAnimal(session: SimulatedSession, widthMs: number, options: DriftOptions): () => Counted {
  const { driftSd, driftTauMs, seed, atMs } = options;
  const drifting = { ...session, population: { ...session.population, driftSd, driftTauMs } };
  const source: RigSource = playSimulated(drifting, seed);
  const after = displaced(session.units.length, options, createRandom(seed, 99));
  return () => {
    const { spikeSamples, spikeUnits, events } = source.next(widthMs);
    const counts = new Float32Array(session.units.length);
    spikeUnits.forEach((unit, i) => {
      const seenAt = spikeSamples[i]! < atMs * SAMPLES_PER_MS ? unit : after[unit]!;
      if (seenAt >= 0) counts[seenAt]!++;
    });
    return { counts, events };
  };
}

/** For each cell the unit that it is seen as once the electrodes have moved, -1 for none. */
function displaced(units: number, { lost, moved }: DriftOptions, random: Random): number[] {
  const order = Array.from({ length: units }, (_, unit) => unit);
  for (let i = units - 1; i > 0; i--) {
    const other = random.below(i + 1);
    [order[i], order[other]] = [order[other]!, order[i]!];
  }
  const silent = order.slice(0, Math.round(lost * units));
  const mixed = order.slice(silent.length, silent.length + Math.round(moved * units));
  const seenAs = Array.from({ length: units }, (_, unit) => unit);
  for (const unit of silent) seenAs[unit] = -1;
  mixed.forEach((unit, i) => {
    seenAs[unit] = mixed[(i + 1) % mixed.length]!;
  });
  return seenAs;
}
