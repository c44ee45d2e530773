import { expected, PhospheneError } from "../errors.ts";

export interface ClockMapOptions {
  /** Length of one of the two windows over which the smallest delay is kept, ms. */
  readonly windowMs?: number;
  /** Largest change of the offset per second of local time, ms. */
  readonly slewMsPerS?: number;
}

/**
 * Maps a source's clock (s) to local monotonic time (ms). A message can be delayed but never early, so the smallest
 * `received - source` over a sliding window is the offset (one-way minimum filter); the estimate is slewed, so that
 * mapped time does not jump. `uncertaintyMs` is the mean delay above that minimum: how late a typical message is.
 */
export class ClockMap {
  readonly #windowMs: number;
  readonly #slewMsPerS: number;
  #offsetMs = Number.NaN;
  #currentMin = Number.POSITIVE_INFINITY;
  #previousMin = Number.POSITIVE_INFINITY;
  #windowStartMs = Number.NaN;
  #lastMs = Number.NaN;
  #meanExcessMs = 0;

  constructor({ windowMs = 10_000, slewMsPerS = 5 }: ClockMapOptions = {}) {
    if (!(windowMs > 0))
      throw new PhospheneError("PARAMETER_INVALID", expected("windowMs", "more than 0 ms", windowMs));
    this.#windowMs = windowMs;
    this.#slewMsPerS = slewMsPerS;
  }

  get ready(): boolean {
    return !Number.isNaN(this.#offsetMs);
  }

  /** Local ms = source s * 1000 + offset; NaN before the first observation. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  get uncertaintyMs(): number {
    return this.#meanExcessMs;
  }

  /** A message whose newest sample was taken at `sourceS` arrived at `receivedMs`. */
  observe(sourceS: number, receivedMs: number): void {
    const delay = receivedMs - sourceS * 1000;
    if (!this.ready) {
      this.#start(delay, receivedMs);
      return;
    }
    if (receivedMs - this.#windowStartMs >= this.#windowMs) {
      this.#previousMin = this.#currentMin;
      this.#currentMin = Number.POSITIVE_INFINITY;
      this.#windowStartMs = receivedMs;
    }
    this.#currentMin = Math.min(this.#currentMin, delay);
    const target = Math.min(this.#currentMin, this.#previousMin);
    const limit = (this.#slewMsPerS * Math.max(0, receivedMs - this.#lastMs)) / 1000;
    this.#offsetMs += Math.max(-limit, Math.min(limit, target - this.#offsetMs));
    this.#meanExcessMs += 0.01 * (Math.max(0, delay - target) - this.#meanExcessMs);
    this.#lastMs = receivedMs;
  }

  toLocalMs(sourceS: number): number {
    return sourceS * 1000 + this.#offsetMs;
  }

  toSourceS(localMs: number): number {
    return (localMs - this.#offsetMs) / 1000;
  }

  /** Forget everything: the source's clock has a new origin. */
  reset(): void {
    this.#offsetMs = Number.NaN;
  }

  #start(delay: number, receivedMs: number): void {
    this.#offsetMs = delay;
    this.#currentMin = delay;
    this.#previousMin = Number.POSITIVE_INFINITY;
    this.#windowStartMs = receivedMs;
    this.#lastMs = receivedMs;
    this.#meanExcessMs = 0;
  }
}
