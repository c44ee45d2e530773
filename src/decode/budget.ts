import { expected, PhospheneError } from "../errors.ts";

export interface StepBudgetOptions {
  /** Measured cost in ms of a frame with k steps, at warm-up: k -> ms. */
  readonly costMs: ReadonlyMap<number, number>;
  /** The most steps to use. */
  readonly maxSteps: number;
  /** Kept free for everything after the model, ms. */
  readonly reserveMs: number;
}

const REMEMBERED = 128;

/**
 * Chooses the number of steps for the time that is left. The machine's load is the ratio of measured to warm-up cost; its
 * running 95th percentile scales the warm-up cost of every k, so that a k that was not used lately has an estimate too.
 */
export class StepBudget {
  readonly #options: StepBudgetOptions;
  readonly #loads: number[] = [];
  #p95 = 1;

  constructor(options: StepBudgetOptions) {
    if (options.costMs.size === 0)
      throw new PhospheneError("PARAMETER_INVALID", "costMs: expected at least one k, got none");
    for (const [k, cost] of options.costMs)
      if (!(cost > 0))
        throw new PhospheneError("PARAMETER_INVALID", expected(`cost of ${k} steps`, "more than 0 ms", cost));
    this.#options = options;
  }

  /** Estimated cost of k steps, ms: warm-up cost times the p95 of the load. */
  costMs(k: number): number {
    return (this.#options.costMs.get(k) ?? Number.POSITIVE_INFINITY) * this.#p95;
  }

  /** Estimates for every k, for `/status`. */
  estimates(): Record<string, number> {
    return Object.fromEntries([...this.#options.costMs.keys()].map((k) => [String(k), this.costMs(k)]));
  }

  /** The largest k that fits into `leftMs`; null when not even the smallest does. */
  choose(leftMs: number): number | null {
    const { costMs, maxSteps, reserveMs } = this.#options;
    let best: number | null = null;
    for (const k of costMs.keys())
      if (k <= maxSteps && k > (best ?? 0) && this.costMs(k) + reserveMs <= leftMs) best = k;
    if (best === null) this.#relax();
    return best;
  }

  /** Nothing fits, so nothing will be measured: forget old loads, or the budget would never recover. */
  #relax(): void {
    this.#loads.splice(0, Math.ceil(REMEMBERED / 16));
    this.#update();
  }

  #update(): void {
    const sorted = Float64Array.from(this.#loads).sort();
    this.#p95 = sorted[Math.min(sorted.length - 1, Math.floor(0.95 * sorted.length))] ?? 1;
  }

  /** A frame of k steps took `ms`. */
  record(k: number, ms: number): void {
    const nominal = this.#options.costMs.get(k);
    if (nominal === undefined) return;
    this.#loads.push(ms / nominal);
    if (this.#loads.length > REMEMBERED) this.#loads.shift();
    this.#update();
  }
}
