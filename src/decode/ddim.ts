import { expected, PhospheneError } from "../errors.ts";
import type { Schedule } from "./schedule.ts";
import { type Solver, toEps, toX0 } from "./solver.ts";

/**
 * DDIM (Song et al. 2021, eq. 12 and 16): x_s = alpha_s x0 + sqrt(sigma_s^2 - s^2) eps + s z, with
 * s = eta sqrt(sigma_s^2 / sigma_t^2) sqrt(1 - alpha_t^2 / alpha_s^2). The last step returns x0.
 */
export const ddim: Solver = async (denoise, start, schedule, { eta = 0, noise, clip = 1 } = {}) => {
  if (eta > 0 && noise === undefined)
    throw new PhospheneError("PARAMETER_INVALID", "eta: more than 0 needs a noise source");
  if (!(eta >= 0 && eta <= 1)) throw new PhospheneError("PARAMETER_INVALID", expected("eta", "0 to 1", eta));
  const last = schedule.timesteps.length - 1;
  let x = start;
  for (let i = 0; i < last; i++) {
    const x0 = toX0(schedule, i, x, await denoise(x, schedule.timesteps[i]!), clip);
    if (i + 1 === last) return x0;
    const eps = toEps(schedule, i, x, x0);
    const fresh = stochastic(schedule, i, eta);
    x = step(schedule, i, x0, eps, fresh, fresh > 0 ? noise!(x.length) : null);
  }
  return x;
};

/** Standard deviation of the fresh noise from point i to i + 1. */
function stochastic({ alphas, sigmas }: Schedule, i: number, eta: number): number {
  if (eta === 0) return 0;
  const ratio = alphas[i]! / alphas[i + 1]!;
  return eta * (sigmas[i + 1]! / sigmas[i]!) * Math.sqrt(1 - ratio * ratio);
}

function step(
  { alphas, sigmas }: Schedule,
  i: number,
  x0: Float32Array,
  eps: Float32Array,
  fresh: number,
  z: Float32Array | null,
): Float32Array {
  const alpha = alphas[i + 1]!;
  const kept = Math.sqrt(Math.max(0, sigmas[i + 1]! ** 2 - fresh ** 2));
  return x0.map((value, j) => alpha * value + kept * eps[j]! + (z === null ? 0 : fresh * z[j]!));
}
