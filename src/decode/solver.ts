import type { Schedule } from "./schedule.ts";

/** One evaluation of the network: `x` at timestep `t` -> its prediction, same length as `x`. */
export type Denoise = (x: Float32Array, t: number) => Promise<Float32Array>;

/** Standard normal numbers, a fresh array of the given length. */
export type Noise = (length: number) => Float32Array;

export interface SolverOptions {
  /** 0 deterministic, 1 ancestral (DDIM, Song et al. 2021, eq. 16). */
  readonly eta?: number;
  /** Needed when eta > 0. */
  readonly noise?: Noise;
  /** Predicted x0 is limited to [-clip, clip]; Infinity for none. */
  readonly clip?: number;
}

/** A sampler: starts from noise `x` at the first timestep of the schedule and returns x0. */
export type Solver = (
  denoise: Denoise,
  x: Float32Array,
  schedule: Schedule,
  options?: SolverOptions,
) => Promise<Float32Array>;

/** Clean image that a prediction at point `i` of the schedule implies, limited to [-clip, clip]. */
export function toX0(
  schedule: Schedule,
  i: number,
  x: Float32Array,
  prediction: Float32Array,
  clip: number,
): Float32Array {
  const alpha = schedule.alphas[i]!;
  const sigma = schedule.sigmas[i]!;
  const [fromX, fromPrediction] = schedule.prediction === "v" ? [alpha, -sigma] : [1 / alpha, -sigma / alpha];
  return x.map((value, j) => Math.max(-clip, Math.min(clip, fromX * value + fromPrediction * prediction[j]!)));
}

/** Noise that is consistent with x and x0 at point `i`. */
export function toEps(schedule: Schedule, i: number, x: Float32Array, x0: Float32Array): Float32Array {
  const alpha = schedule.alphas[i]!;
  const sigma = schedule.sigmas[i]!;
  return x.map((value, j) => (value - alpha * x0[j]!) / sigma);
}
