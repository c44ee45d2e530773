import { REASONS, type Reason, StepBudget, type StepDecision } from "./budget.ts";
import { RunningQuantiles } from "./running-quantiles.ts";

/** What a bin may spend on each part of its way, ms; null leaves it to the daemon. */
export interface Shares {
  /** From its close to the hand-over to the decoder; null: whatever leaves time for a picture. */
  readonly waitMs: number | null;
  /** There and back, the model run in between; null: what is left. */
  readonly modelMs: number | null;
  /** Kept free for what follows, to the write; null: as much as it took lately (95th percentile). */
  readonly writeMs: number | null;
}

export interface FrameBudgetOptions {
  /** From the close of a bin to the write to the socket, ms. */
  readonly totalMs: number;
  readonly shares: Shares;
  readonly maxSteps: number;
  /** Time from one frame to the next, ms. */
  readonly cadenceMs: number;
}

/** Before anything was written: generous. */
const FIRST_WRITE_MS = 2;
const REMEMBERED = 128;

/**
 * The budget of a frame and its shares: how many steps a bin gets that was closed at a certain time, and what became of the
 * decisions. Knows no costs, and must not be asked, until `rebase` told it the first ones.
 */
export class FrameBudget {
  readonly options: FrameBudgetOptions;
  readonly #writes = new RunningQuantiles(REMEMBERED, FIRST_WRITE_MS);
  readonly #decisions = Object.fromEntries(REASONS.map((why) => [why, 0])) as Record<Reason, number>;
  readonly #chosen = new Map<number, number>();
  #steps: StepBudget | null = null;

  constructor(options: FrameBudgetOptions) {
    this.options = options;
  }

  /** Another decoder process or provider is ready: its cost of k steps at warm-up, k -> ms. */
  rebase(costMs: Readonly<Record<string, number>>): void {
    const costs = new Map(Object.entries(costMs).map(([k, ms]) => [Number(k), ms]));
    const { totalMs, shares, maxSteps, cadenceMs } = this.options;
    const modelMs = shares.modelMs ?? Number.POSITIVE_INFINITY;
    this.#steps = new StepBudget({ costMs: costs, maxSteps, totalMs, modelMs, cadenceMs });
  }

  /** What is kept free after the model, ms. */
  get writeMs(): number {
    return this.options.shares.writeMs ?? this.#writes.at(0.95);
  }

  /** The steps for a bin that was closed at `closedAtMs`. */
  decide(closedAtMs: number, nowMs: number): StepDecision {
    if (this.#steps === null) throw new Error("the budget was asked before the decoder was ready");
    const waitedMs = nowMs - closedAtMs;
    const waitedTooLong = waitedMs > (this.options.shares.waitMs ?? Number.POSITIVE_INFINITY);
    const leftMs = waitedTooLong ? 0 : this.options.totalMs - waitedMs - this.writeMs;
    const decision = this.#steps.choose(leftMs);
    this.#decisions[decision.why]++;
    if (decision.steps !== null) this.#chosen.set(decision.steps, (this.#chosen.get(decision.steps) ?? 0) + 1);
    return decision;
  }

  /** What was decided took `ms` there and back, `modelMs` of them in the model. */
  modelled({ steps, leftMs }: StepDecision, ms: number, modelMs: number): void {
    if (steps !== null) this.#steps?.record(steps, ms, leftMs, Math.max(0, ms - modelMs));
  }

  /** From the model's answer to the end of the writes it took `ms`. */
  wrote(ms: number): void {
    this.#writes.push(ms);
  }

  /** Estimated cost now of every number of steps, ms. */
  estimates(): Record<string, number> {
    return this.#steps?.estimates() ?? {};
  }

  /** Decisions since the start: how often which number of steps was chosen, and for which reason not more. */
  counts(): { steps: Record<string, number>; decisions: Record<Reason, number> } {
    return { steps: Object.fromEntries(this.#chosen), decisions: { ...this.#decisions } };
  }
}
