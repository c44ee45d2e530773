import { type Solver, toEps, toX0 } from "./solver.ts";

/** Adams-Bashforth weights by the number of known slopes, newest first (Liu et al. 2022 eq. 12; Zhang & Chen 2022). */
const WEIGHTS = [[1], [3 / 2, -1 / 2], [23 / 12, -16 / 12, 5 / 12], [55 / 24, -59 / 24, 37 / 24, -9 / 24]] as const;

/**
 * iPNDM, order up to 4: the DDIM transfer along a linear multistep combination of the last predicted noises; the first steps use lower
 * orders instead of Runge-Kutta warm-up. Deterministic: eta is not used.
 */
export const ipndm: Solver = async (denoise, start, schedule, { clip = 1 } = {}) => {
  const last = schedule.timesteps.length - 1;
  const past: Float32Array[] = [];
  let x = start;
  for (let i = 0; i < last; i++) {
    const x0 = toX0(schedule, i, x, await denoise(x, schedule.timesteps[i]!), clip);
    past.unshift(toEps(schedule, i, x, x0));
    if (past.length > WEIGHTS.length) past.pop();
    const eps = combine(past);
    const data = schedule.alphas[i] === 0 ? x0 : fromEps(x, eps, schedule.alphas[i]!, schedule.sigmas[i]!, clip);
    if (i + 1 === last) return data;
    const [alpha, sigma] = [schedule.alphas[i + 1]!, schedule.sigmas[i + 1]!];
    x = data.map((value, j) => alpha * value + sigma * eps[j]!);
  }
  return x;
};

function combine(past: readonly Float32Array[]): Float32Array {
  const weights = WEIGHTS[past.length - 1]!;
  return past[0]!.map((_, j) => weights.reduce((sum, weight, k) => sum + weight * past[k]![j]!, 0));
}

function fromEps(x: Float32Array, eps: Float32Array, alpha: number, sigma: number, clip: number): Float32Array {
  return x.map((value, j) => Math.max(-clip, Math.min(clip, (value - sigma * eps[j]!) / alpha)));
}
