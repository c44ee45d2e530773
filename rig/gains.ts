import { createRandom, type Random } from "./random.ts";
import type { Population } from "./session-schema.ts";

/** Streams of the session's seed; 0 to 2 were there before factors and drift, and stay as they were. */
const COMMON_STREAM = 2;
const DRIFT_STREAM = 3;
const FIRST_FACTOR_STREAM = 4;
/** Drift changes by some millionths in a millisecond, so it moves once a second. */
const DRIFT_STEP_MS = 1_000;

/** A gain for every unit, mean 1: the common one, the shared factors and the unit's own drift (docs/bundle.md). */
export function createGains(population: Population, seed: number): () => Float64Array {
  const { gainSd, gainTauMs, factors, driftSd, driftTauMs } = population;
  const units = population.baselineHz.length;
  const common = ornsteinUhlenbeck(gainTauMs, 1, createRandom(seed, COMMON_STREAM));
  const shared = factors.map(({ tauMs, loadings }, index) => ({
    next: ornsteinUhlenbeck(tauMs, 1, createRandom(seed, FIRST_FACTOR_STREAM + index)),
    loadings: Float64Array.from(loadings),
  }));
  const driftChance = createRandom(seed, DRIFT_STREAM);
  const drifts = Array.from({ length: units }, () => ornsteinUhlenbeck(driftTauMs, DRIFT_STEP_MS, driftChance));
  const halfVariance = Float64Array.from({ length: units }, (_, unit) => {
    const ofFactors = shared.reduce((sum, { loadings }) => sum + (loadings[unit] ?? 0) ** 2, 0);
    return (gainSd ** 2 + ofFactors + driftSd ** 2) / 2;
  });
  const slow = new Float64Array(units);
  const gains = new Float64Array(units);
  let ms = 0;

  return () => {
    if (ms % DRIFT_STEP_MS === 0) {
      for (let unit = 0; unit < units; unit++) {
        slow[unit] = driftSd * (drifts[unit]?.() ?? 0) - (halfVariance[unit] ?? 0);
      }
    }
    ms++;
    const y = gainSd * common();
    for (let unit = 0; unit < units; unit++) gains[unit] = y + (slow[unit] ?? 0);
    for (const { next, loadings } of shared) {
      const z = next();
      for (let unit = 0; unit < units; unit++) gains[unit]! += z * (loadings[unit] ?? 0);
    }
    for (let unit = 0; unit < units; unit++) gains[unit] = Math.exp(gains[unit] ?? 0);
    return gains;
  };
}

/** Stationary Ornstein-Uhlenbeck process, mean 0, standard deviation 1; every call is `stepMs` later. */
export function ornsteinUhlenbeck(tauMs: number, stepMs: number, random: Random): () => number {
  const keep = Math.exp(-stepMs / tauMs);
  const fresh = Math.sqrt(1 - keep * keep);
  let y: number | undefined;
  return () => {
    y = y === undefined ? random.normal() : keep * y + fresh * random.normal();
    return y;
  };
}
