import { expected, PhospheneError } from "../errors.ts";

/** What the network predicts: the noise, or v = alpha eps - sigma x0 (Salimans & Ho 2022). */
export type Prediction = "v" | "eps";

/** A variance-preserving diffusion at the timesteps of one sampler run: arrays of equal length, from noise to data. */
export interface Schedule {
  readonly prediction: Prediction;
  /** What the network is told, e.g. t in [0, 1] or a training step. */
  readonly timesteps: readonly number[];
  /** Signal and noise scale, alpha^2 + sigma^2 = 1. */
  readonly alphas: readonly number[];
  readonly sigmas: readonly number[];
}

/** Cosine schedule in continuous time: alpha = cos(pi t/2), sigma = sin(pi t/2), t in [0, 1], 1 is pure noise (Nichol & Dhariwal 2021). */
export function cosineSchedule(timesteps: readonly number[], prediction: Prediction): Schedule {
  return {
    prediction,
    timesteps,
    alphas: timesteps.map((t) => (t === 1 ? 0 : Math.cos((Math.PI * t) / 2))),
    sigmas: timesteps.map((t) => Math.sin((Math.PI * t) / 2)),
  };
}

/**
 * Sigmoid beta schedule of MIG-Vis' image diffusion (start -3, end 3, tau 1; Jabri et al. 2022): cumulative alphas of `trainSteps`
 * steps, betas limited to [0, 0.999]. Returns alpha-bar per training step, shape [trainSteps].
 */
export function sigmoidAlphaBars(trainSteps: number, start = -3, end = 3, tau = 1): number[] {
  if (!Number.isInteger(trainSteps) || trainSteps < 1)
    throw new PhospheneError("PARAMETER_INVALID", expected("trainSteps", "a whole number from 1", trainSteps));
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  const low = sigmoid(start / tau);
  const high = sigmoid(end / tau);
  const raw = (i: number) => (high - sigmoid(((i / trainSteps) * (end - start) + start) / tau)) / (high - low);
  const bars: number[] = [];
  let bar = 1;
  for (let i = 1; i <= trainSteps; i++) {
    const beta = Math.max(0, Math.min(0.999, 1 - raw(i) / raw(i - 1)));
    bar *= 1 - beta;
    bars.push(bar);
  }
  return bars;
}

/** Schedule over chosen training steps (descending); a last point of clean data (alpha 1) is appended. */
export function discreteSchedule(
  alphaBars: readonly number[],
  steps: readonly number[],
  prediction: Prediction,
): Schedule {
  const bars = steps.map((step) => {
    const bar = alphaBars[step];
    if (bar === undefined)
      throw new PhospheneError("PARAMETER_INVALID", expected("step", `0 to ${alphaBars.length - 1}`, step));
    return bar;
  });
  return {
    prediction,
    timesteps: [...steps, -1],
    alphas: [...bars.map(Math.sqrt), 1],
    sigmas: [...bars.map((bar) => Math.sqrt(1 - bar)), 0],
  };
}

/** `count` training steps spread evenly from the last one down to 0. */
export function evenSteps(trainSteps: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => Math.round(((trainSteps - 1) * (count - i)) / count));
}
