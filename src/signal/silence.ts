import { expected, PhospheneError } from "../errors.ts";

/** Events that a living source would have sent in a silence that proves its death: e^-20 is one false alarm in 5 x 10^8. */
const EXPECTED_EVENTS = 20;
/** Memory of the rate, ms. */
const TAU_MS = 10_000;
/** The longest silence that is forgiven, ms. */
const LONGEST_MS = 5000;

/**
 * How long a source may be silent before it is lost. A few units that do not fire for 50 ms are no dead rig, thousands of spikes a second that
 * stop are: the limit is the time in which the source, at its own rate, would have sent 20 events, and never less than `shortestMs`.
 */
export class SilenceLimit {
  readonly #shortestMs: number;
  #weight = 0;
  #lastMs = Number.NaN;

  constructor(shortestMs: number) {
    if (!(shortestMs > 0))
      throw new PhospheneError("PARAMETER_INVALID", expected("shortestMs", "more than 0 ms", shortestMs));
    this.#shortestMs = shortestMs;
  }

  /** `events` more arrived at `nowMs`. */
  observe(events: number, nowMs: number): void {
    const elapsed = Number.isNaN(this.#lastMs) ? 0 : nowMs - this.#lastMs;
    this.#weight = this.#weight * Math.exp(-elapsed / TAU_MS) + events;
    this.#lastMs = nowMs;
  }

  /** The limit in force, ms. */
  get limitMs(): number {
    const ratePerMs = this.#weight / TAU_MS;
    return Math.max(this.#shortestMs, Math.min(LONGEST_MS, EXPECTED_EVENTS / ratePerMs));
  }
}
