import { LoadEstimate } from "./load.ts";
import { Rung, type Trouble } from "./rung.ts";

export interface StepBudgetOptions {
  /** Measured cost in ms of a frame with k steps, at warm-up: k -> ms. */
  readonly costMs: ReadonlyMap<number, number>;
  /** The most steps to use. */
  readonly maxSteps: number;
  /** Budget of a frame whose bin did not wait, ms. */
  readonly totalMs: number;
  /** The model's share of it, ms; infinite when it may take what is left. */
  readonly modelMs: number;
  /** Time from one frame to the next, ms. */
  readonly cadenceMs: number;
}

/**
 * Why so many steps and not more. `fits`: there are no more; `time`, `share`, `rate`: the next would not fit into the time left, into
 * the model's share, or into the time between two frames; `held-down`: it fits, but not yet for long enough; `no-time`: not even the fewest fit.
 */
export const REASONS = ["fits", "time", "share", "rate", "held-down", "no-time"] as const;
export type Reason = (typeof REASONS)[number];
type Limit = "time" | "share" | "rate" | null;

export interface StepDecision {
  /** null when not even the fewest steps fit. */
  readonly steps: number | null;
  /** Estimated cost of them, ms: the 95th percentile; the median for the fewest steps, when they or none fit only by that. */
  readonly estimateMs: number;
  /** Time that was left for the model, ms. */
  readonly leftMs: number;
  readonly why: Reason;
}

/** More steps are taken again only when they have fitted with this margin for a while. */
const MARGIN = 1.15;
/** A bin that has less than this part of the budget left has waited: its few steps are not the machine's load. */
const FRESH = 0.8;
/** Bins in a row that had not waited and by the costs at warm-up had no time for even the fewest steps. Another decoder may have been at work then. */
const DOUBT_AFTER = 50;

/**
 * Chooses the number of steps for the time that is left: the largest k whose estimate fits, except that quality must not flicker.
 * Fewer are taken at once: when the estimate says so, or after a frame that overran and would not have with fewer. More are taken
 * when they have fitted with a margin at every choice of a while (`Rung`), which doubles each time that they had to be given up again.
 */
export class StepBudget {
  readonly #options: StepBudgetOptions;
  #load: LoadEstimate;
  #rungs: readonly Rung[] = [];
  /** Index of the rung that is in use; -1 before the first choice. */
  #at = -1;
  /** Bins in a row that were refused because of the costs at warm-up alone. */
  #refused = 0;

  constructor(options: StepBudgetOptions) {
    this.#options = options;
    this.#load = new LoadEstimate(options.costMs);
    this.rebase(options.costMs);
  }

  /** Another decoder process, provider or machine: new costs at warm-up, and nothing remembered. */
  rebase(costMs: ReadonlyMap<number, number>): void {
    this.#load = new LoadEstimate(costMs);
    const { maxSteps, cadenceMs } = this.#options;
    const wanted = this.#load.steps.filter((k, i) => k <= maxSteps || i === 0);
    this.#rungs = wanted.map((k) => new Rung(k, cadenceMs));
    this.#at = -1;
    this.#refused = 0;
  }

  /** Estimated cost of k steps, ms. */
  costMs(k: number): number {
    return this.#load.costMs(k);
  }

  /** Estimates for every k, for `/status`. */
  estimates(): Record<string, number> {
    return Object.fromEntries(this.#load.steps.map((k) => [String(k), this.costMs(k)]));
  }

  /** The steps for a bin that has `leftMs` until the model must be through. */
  choose(leftMs: number): StepDecision {
    const limits = this.#rungs.map((rung) => this.#limit(rung, leftMs, 1));
    for (const rung of this.#rungs) rung.look(this.#limit(rung, leftMs, MARGIN) === null);
    const fewest = limits.indexOf(null);
    if (fewest < 0) return this.#noTime(leftMs);
    this.#refused = 0;
    const first = this.#at < 0;
    const allowed = (rung: Rung, i: number) => i <= this.#at || (first ? rung.fitting : rung.ready);
    const best = this.#rungs.findLastIndex((rung, i) => limits[i] === null && allowed(rung, i));
    this.#move(Math.max(best, fewest), leftMs >= FRESH * this.#options.totalMs ? "estimated" : null);
    for (const rung of this.#rungs.slice(0, this.#at + 1)) rung.serve();
    const { steps } = this.#rungs[this.#at]!;
    const fits = this.costMs(steps) <= Math.min(leftMs, this.#options.modelMs);
    const estimateMs = fits ? this.costMs(steps) : this.#load.usualMs(steps);
    return { steps, estimateMs, leftMs, why: whyNotMore(limits[this.#at + 1]) };
  }

  /** A frame of k steps took `ms` of the `leftMs` that it was chosen for, `wayMs` of them outside the model run. */
  record(k: number, ms: number, leftMs: number, wayMs = 0): void {
    this.#load.record(k, ms, wayMs);
    const nominalMs = this.#load.nominalMs(k);
    if (!(ms > leftMs) || !Number.isFinite(nominalMs)) return;
    // A stall that would have spoilt a frame of fewer steps too says nothing against this k.
    const better = this.#rungs.findLastIndex(
      ({ steps }) => steps < k && wayMs + ((ms - wayMs) * this.#load.nominalMs(steps)) / nominalMs <= leftMs,
    );
    if (better >= 0 && better < this.#at) this.#move(better, "overran");
  }

  #move(to: number, trouble: Trouble | null): void {
    for (const rung of this.#rungs.slice(to + 1, this.#at + 1)) rung.giveUp(trouble);
    this.#at = to;
  }

  /** Where it is the load that is in the way, and not that the bin waited, the way back starts at the fewest steps. */
  #noTime(leftMs: number): StepDecision {
    const fewest = this.#rungs[0]?.steps ?? 0;
    if (this.#load.nominalMs(fewest) <= Math.min(leftMs, this.#options.modelMs)) {
      this.#load.relax();
      if (this.#at > 0) this.#move(0, "estimated");
    } else if (leftMs >= FRESH * this.#options.totalMs && ++this.#refused === DOUBT_AFTER) {
      this.#refused = 0;
      this.#load.doubt();
    }
    return { steps: null, estimateMs: this.#load.usualMs(fewest), leftMs, why: "no-time" };
  }

  /**
   * What forbids a rung, with its estimate `margin` times as large. The rate is kept by what frames usually cost. Beside the fewest steps there is only
   * no picture at all: they are tried when they usually fit, though they will be late more often than one time in twenty, and need not keep the rate.
   */
  #limit({ steps }: Rung, leftMs: number, margin: number): Limit {
    const fewest = steps === this.#rungs[0]!.steps;
    const usualMs = margin * this.#load.usualMs(steps);
    const ms = fewest ? usualMs : margin * this.costMs(steps);
    if (ms > leftMs) return "time";
    if (ms > this.#options.modelMs) return "share";
    return usualMs > this.#options.cadenceMs && !fewest ? "rate" : null;
  }
}

/** `next`: what forbids the next larger number of steps; undefined when there is none. */
function whyNotMore(next: Limit | undefined): Reason {
  if (next === undefined) return "fits";
  return next ?? "held-down";
}
