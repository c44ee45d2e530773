import type { SilentUnits } from "../signal/types.ts";
import type { Measure } from "./manifest-parts.ts";

/** How much of a frame is brain. See docs/bundle.md, "Evidence". */
export interface Evidence {
  /** KL of the posterior against N(0, 1) per latent group, bits; empty where the bundle cannot tell. */
  readonly bits: number[];
  /** Pearson correlation over units of the observed with the expected activity; null where the bundle cannot tell. */
  readonly explained: number | null;
  /** Root mean square z-score of the latents against training, 1 is typical; null where the bundle cannot tell. */
  readonly atypicality: number | null;
}

/** A bundle's `evidence`. A measure that is missing has no threshold. */
export interface EvidenceModel {
  readonly latentMean: ArrayLike<number>;
  readonly latentStd: ArrayLike<number>;
  readonly bitsThreshold: number | null;
  readonly explainedThreshold: number | null;
  readonly atypicalityThreshold: number | null;
  readonly missing?: { readonly [M in Measure]?: string | undefined } | undefined;
  readonly units?: readonly number[] | undefined;
}

/** What the evidence is made of: the observed activity [units], which of the units are silent, and what the decoder says. */
export interface Observation {
  readonly observed: Float32Array;
  readonly silent: SilentUnits;
  readonly mu: Float32Array;
  readonly logvar: Float32Array;
  readonly expected: Float32Array;
}

/** Every measure that the bundle can tell. */
export function assess(
  model: EvidenceModel,
  groups: readonly { readonly size: number }[],
  seen: Observation,
): Evidence {
  const { missing, latentMean, latentStd, units } = model;
  return {
    bits: missing?.bits === undefined ? groupBits(seen.mu, seen.logvar, groups) : [],
    explained: missing?.explained === undefined ? explainedBy(seen, units) : null,
    atypicality: missing?.atypicality === undefined ? atypicality(seen.mu, latentMean, latentStd) : null,
  };
}

/** Silent units are left out: that they did not fire is not the population's doing. */
function explainedBy({ observed, silent, expected }: Observation, units: readonly number[] | undefined): number {
  if (units !== undefined) {
    const counted = units.filter((unit) => !silent?.[unit]);
    return correlation(
      counted.map((unit) => observed[unit]!),
      counted.map((unit) => expected[unit]!),
    );
  }
  if (silent === null) return correlation(observed, expected);
  const heard = (_: number, unit: number) => silent[unit] === 0;
  return correlation(observed.filter(heard), expected.filter(heard));
}

/** Bits per group: sum of (mu^2 + exp(logvar) - 1 - logvar) / 2 / ln 2. */
export function groupBits(
  mu: Float32Array,
  logvar: Float32Array,
  groups: readonly { readonly size: number }[],
): number[] {
  let d = 0;
  return groups.map(({ size }) => {
    let nats = 0;
    for (const end = d + size; d < end; d++) nats += 0.5 * (mu[d]! ** 2 + Math.exp(logvar[d]!) - 1 - logvar[d]!);
    return nats / Math.LN2;
  });
}

/** Pearson correlation; 0 when one side does not vary. */
export function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const n = a.length;
  let sumA = 0;
  let sumB = 0;
  for (let i = 0; i < n; i++) {
    sumA += a[i]!;
    sumB += b[i]!;
  }
  let covariance = 0;
  let varianceA = 0;
  let varianceB = 0;
  for (let i = 0; i < n; i++) {
    const da = a[i]! - sumA / n;
    const db = b[i]! - sumB / n;
    covariance += da * db;
    varianceA += da * da;
    varianceB += db * db;
  }
  const scale = Math.sqrt(varianceA * varianceB);
  return scale > 0 ? covariance / scale : 0;
}

/** Mean over the bins of a window; `values` has shape [bins, units]. */
export function meanOverBins(values: Float32Array, bins: number): Float32Array {
  const units = values.length / bins;
  const mean = new Float32Array(units);
  for (let i = 0; i < values.length; i++) mean[i % units]! += values[i]! / bins;
  return mean;
}

/** Sum over the bins of a window by a weight for each; `values` has shape [bins, units]. */
export function weighBins(values: Float32Array, weights: readonly number[]): Float32Array {
  const units = values.length / weights.length;
  const sum = new Float32Array(units);
  for (let i = 0; i < values.length; i++) sum[i % units]! += values[i]! * weights[Math.floor(i / units)]!;
  return sum;
}

/** Root mean square z-score of `mu` against the training latents. */
export function atypicality(mu: Float32Array, mean: ArrayLike<number>, std: ArrayLike<number>): number {
  let sum = 0;
  for (let d = 0; d < mu.length; d++) sum += ((mu[d]! - mean[d]!) / std[d]!) ** 2;
  return Math.sqrt(sum / mu.length);
}

/** Whether a picture may be shown: every measure that there is is on the good side of the bundle's threshold. */
export function isReconstruction(evidence: Evidence, model: EvidenceModel): boolean {
  const { bitsThreshold, explainedThreshold, atypicalityThreshold } = model;
  const bits = evidence.bits.reduce((sum, b) => sum + b, 0);
  return (
    (bitsThreshold === null || bits >= bitsThreshold) &&
    (explainedThreshold === null || (evidence.explained ?? Number.NaN) >= explainedThreshold) &&
    (atypicalityThreshold === null || (evidence.atypicality ?? Number.NaN) <= atypicalityThreshold)
  );
}
