/** How much of a frame is brain. See docs/bundle.md, "Evidence". */
export interface Evidence {
  /** KL of the posterior against N(0, 1) per latent group, bits. */
  readonly bits: number[];
  /** Pearson correlation over units of the observed with the expected activity. */
  readonly explained: number;
  /** Root mean square z-score of the latents against training; 1 is typical. */
  readonly atypicality: number;
}

export interface EvidenceModel {
  readonly groups: readonly { readonly size: number }[];
  readonly latentMean: ArrayLike<number>;
  readonly latentStd: ArrayLike<number>;
  readonly bitsThreshold: number;
  readonly explainedThreshold: number;
  readonly atypicalityThreshold: number;
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

/** Root mean square z-score of `mu` against the training latents. */
export function atypicality(mu: Float32Array, mean: ArrayLike<number>, std: ArrayLike<number>): number {
  let sum = 0;
  for (let d = 0; d < mu.length; d++) sum += ((mu[d]! - mean[d]!) / std[d]!) ** 2;
  return Math.sqrt(sum / mu.length);
}

/** Whether a picture may be shown: every measure is on the good side of the bundle's thresholds. */
export function isReconstruction(evidence: Evidence, model: EvidenceModel): boolean {
  const bits = evidence.bits.reduce((sum, b) => sum + b, 0);
  return (
    bits >= model.bitsThreshold &&
    evidence.explained >= model.explainedThreshold &&
    evidence.atypicality <= model.atypicalityThreshold
  );
}
