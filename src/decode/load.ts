import { expected, PhospheneError } from "../errors.ts";
import { RunningQuantiles } from "./running-quantiles.ts";

const REMEMBERED = 128;
/** Loads that are forgotten each time that nothing seems to fit. */
const FORGOTTEN = 8;

/**
 * What a frame of k steps costs now: its cost at warm-up times the load of the machine, and what the way to the decoder and back
 * costs, which does not grow with k. The load is measured over warm-up cost of the model run whatever k it had, so that a k that
 * was not used lately has an estimate too (D-005). Of both the running 95th percentile.
 */
export class LoadEstimate {
  readonly #loads = new RunningQuantiles(REMEMBERED, 1);
  readonly #waysMs = new RunningQuantiles(REMEMBERED, 0);
  #nominalMs: ReadonlyMap<number, number>;
  /** Numbers of steps that have an estimate, ascending. */
  readonly steps: readonly number[];

  /** `nominalMs`: cost of a frame with k steps at warm-up, k -> ms. */
  constructor(nominalMs: ReadonlyMap<number, number>) {
    if (nominalMs.size === 0)
      throw new PhospheneError("PARAMETER_INVALID", "costMs: expected at least one k, got none");
    for (const [k, cost] of nominalMs)
      if (!(cost > 0))
        throw new PhospheneError("PARAMETER_INVALID", expected(`cost of ${k} steps`, "more than 0 ms", cost));
    this.steps = [...nominalMs.keys()].sort((a, b) => a - b);
    // Fewer steps cost no more than more: where they did at warm-up, something else was running.
    const least = (k: number) =>
      Math.min(...this.steps.filter((each) => each >= k).map((each) => nominalMs.get(each)!));
    this.#nominalMs = new Map(this.steps.map((k) => [k, least(k)]));
  }

  /** Cost of k steps at warm-up, ms; infinite for a k that was not warmed up. */
  nominalMs(k: number): number {
    return this.#nominalMs.get(k) ?? Number.POSITIVE_INFINITY;
  }

  /** Estimated cost of k steps, ms. */
  costMs(k: number): number {
    return this.nominalMs(k) * this.#loads.at(0.95) + this.#waysMs.at(0.95);
  }

  /** Cost of k steps as it usually is now, ms: by the medians. */
  usualMs(k: number): number {
    return this.nominalMs(k) * this.#loads.at(0.5) + this.#waysMs.at(0.5);
  }

  /** A frame of k steps took `ms`, `wayMs` of them outside the model run. */
  record(k: number, ms: number, wayMs = 0): void {
    const load = (ms - wayMs) / this.nominalMs(k);
    if (!(load > 0 && Number.isFinite(load))) return;
    this.#loads.push(load);
    this.#waysMs.push(wayMs);
  }

  /** By what was measured at warm-up nothing will ever fit, so nothing will be measured again: believe half of it, and see. */
  doubt(): void {
    this.#nominalMs = new Map([...this.#nominalMs].map(([k, ms]) => [k, ms / 2]));
    this.#loads.forget(REMEMBERED);
  }

  /** Nothing seems to fit, so nothing will be measured: forget old loads, or there were no way back. */
  relax(): void {
    this.#loads.forget(FORGOTTEN);
    this.#waysMs.forget(FORGOTTEN);
  }
}
