import { build, type Histogram } from "hdr-histogram-js";
import type { OutputBody } from "../../src/protocol/messages.ts";

const US_PER_MS = 1000;

/** The counts of one output: `offered = sent + merged + late + failed + pending` at every instant. */
export type OutputCounts = Omit<OutputBody, "name" | "state" | "detail">;

/** What became of everything that an output was given, and how long after the close of the bin it was handed over. */
export class OutputBooks {
  readonly deadlineMs: number | null;
  readonly #now: () => number;
  readonly #latency: Histogram = build({
    ...{ lowestDiscernibleValue: 1, highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: 2 },
  });
  readonly #counts = { offered: 0, sent: 0, merged: 0, late: 0, failed: 0, pending: 0 };
  #lastMs: number | null = null;
  /** Why the last one failed; empty when none did. */
  detail = "";

  /** `deadlineMs` counts from the close of the bin, or from when an event was known; null is none. `now` is the daemon's clock. */
  constructor(deadlineMs: number | null, now: () => number) {
    this.deadlineMs = deadlineMs;
    this.#now = now;
  }

  /** Daemon time until which something of `originMs` may be handed over. */
  untilMs(originMs: number): number {
    return this.deadlineMs === null ? Number.POSITIVE_INFINITY : originMs + this.deadlineMs;
  }

  /** Something is to be sent: true if there is time, and then one of the calls below settles it; otherwise it is late, and settled. */
  begin(originMs: number): boolean {
    this.#counts.offered++;
    this.#counts.pending++;
    if (this.#now() <= this.untilMs(originMs)) return true;
    this.late();
    return false;
  }

  /** It was handed over at `atMs`. */
  sent(originMs: number, atMs = this.#now()): void {
    this.#settle("sent");
    this.#lastMs = Math.max(0, atMs - originMs);
    this.#latency.recordValue(Math.round(this.#lastMs * US_PER_MS));
  }

  /** What it asks for is so already. */
  merged(): void {
    this.#settle("merged");
  }

  late(): void {
    this.#settle("late");
  }

  failed(reason: unknown): void {
    this.#settle("failed");
    this.detail = reason instanceof Error ? reason.message : String(reason);
  }

  /** The whole way of what `hand` hands over before it returns: in time or not, sent or failed. */
  attempt(originMs: number, hand: () => void): void {
    if (!this.begin(originMs)) return;
    try {
      hand();
    } catch (error) {
      this.failed(error);
      return;
    }
    this.sent(originMs);
  }

  counts(): OutputCounts {
    const at = (p: number) => this.#latency.getValueAtPercentile(p) / US_PER_MS;
    const { totalCount: n, maxValue } = this.#latency;
    const latency = { n, p50: at(50), p99: at(99), p999: at(99.9), max: maxValue / US_PER_MS };
    return { ...this.#counts, lastMs: this.#lastMs, latency };
  }

  #settle(outcome: "sent" | "merged" | "late" | "failed"): void {
    this.#counts.pending--;
    this.#counts[outcome]++;
  }
}
