/** What to do with a message: take it, say that it is too much (once a second), ignore it, or close the connection. */
export type Verdict = "take" | "tell" | "ignore" | "close";

const WINDOW_MS = 1000;
/** Seconds in a row over the limit before the connection is closed. */
const PATIENCE = 3;
/** Times the limit within one second that closes at once. */
const FLOOD = 10;

/** Counts the messages of one client per second of an injected clock. */
export class MessageRate {
  readonly #limit: number;
  readonly #now: () => number;
  #windowStartMs = Number.NEGATIVE_INFINITY;
  #count = 0;
  #excessWindows = 0;

  /** `limit` is messages per second; `now` a monotonic clock in ms. */
  constructor(limit: number, now: () => number) {
    this.#limit = limit;
    this.#now = now;
  }

  /** Counts one message and judges it. */
  next(): Verdict {
    const now = this.#now();
    if (now - this.#windowStartMs >= WINDOW_MS) this.#begin(now);
    this.#count += 1;
    if (this.#count <= this.#limit) return "take";
    if (this.#count === this.#limit + 1) this.#excessWindows += 1;
    if (this.#excessWindows >= PATIENCE || this.#count > FLOOD * this.#limit) return "close";
    return this.#count === this.#limit + 1 ? "tell" : "ignore";
  }

  #begin(now: number): void {
    const inARow = now - this.#windowStartMs < 2 * WINDOW_MS && this.#count > this.#limit;
    if (!inARow) this.#excessWindows = 0;
    this.#windowStartMs = now;
    this.#count = 0;
  }
}
