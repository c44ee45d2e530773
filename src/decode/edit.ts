/** Estimate of the clean picture in x at time t. */
export type Clean = (x: Float32Array, t: number) => Promise<Float32Array>;
/** What guidance adds to the estimate of the clean picture at time t. */
export type Push = (x0: Float32Array, t: number) => Promise<Float32Array>;

/** steps + 1 times from `deepest` (at most 0.99) down to 0, evenly spaced. */
export function editTimes(steps: number, deepest: number): number[] {
  return Array.from({ length: steps + 1 }, (_, i) => deepest * (1 - i / steps));
}

/**
 * DDIM inversion on the cosine schedule: the state at times[0] from which deterministic DDIM over `times` draws the picture.
 * y_t = (a_t / a_s) y_s + a_t (sigma_t / a_t - sigma_s / a_s) eps, the factor a_t included that the public code of MIG-Vis lacks; `refine`
 * times each step is taken again with the eps of the state it found, which makes it the inverse of the step down.
 */
export async function invert(clean: Clean, picture: Float32Array, times: readonly number[], refine: number) {
  let y: Float32Array = picture;
  for (let i = times.length - 1; i > 0; i--) {
    const s = scales(times[i]!);
    const t = scales(times[i - 1]!);
    const keep = t.alpha / s.alpha;
    const add = t.sigma - keep * s.sigma;
    let found = y;
    for (let round = 0; round <= refine; round++) {
      const x0 = await clean(found, times[i - 1]!);
      const seen = found;
      found = y.map((value, j) => keep * value + (add * (seen[j]! - t.alpha * x0[j]!)) / t.sigma);
    }
    y = found;
  }
  return y;
}

/**
 * Deterministic DDIM from `state` at times[0] down to 0 under guidance (MIG-Vis, arXiv 2510.02182, algorithm 1): eps~ = eps - (a_t / sigma_t)
 * push, so that the clean picture of eps~ is the estimate plus the push; it is clipped to [-1, 1].
 */
export async function guidedDdim(clean: Clean, state: Float32Array, times: readonly number[], push: Push | null) {
  let y = state;
  for (let i = 0; i + 1 < times.length; i++) {
    const { alpha, sigma } = scales(times[i]!);
    const next = scales(times[i + 1]!);
    const x0 = await clean(y, times[i]!);
    const more = push === null ? null : await push(x0, times[i]!);
    y = y.map((value, j) => {
      const guided = x0[j]! + (more === null ? 0 : more[j]!);
      const eps = (value - alpha * guided) / sigma;
      return next.alpha * Math.min(1, Math.max(-1, guided)) + next.sigma * eps;
    });
  }
  return y;
}

function scales(t: number): { alpha: number; sigma: number } {
  return { alpha: Math.cos((Math.PI * t) / 2), sigma: Math.sin((Math.PI * t) / 2) };
}
