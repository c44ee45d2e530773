/** Feedback from data older than this is not feedback: several windows, and more than a garbage collection or a busy machine makes, ms. */
const OVERLOADED_MS = 250;
/** So young that nothing waits, ms: blocks of a rig are shorter. */
const CAUGHT_UP_MS = 100;

export interface BacklogStatus {
  readonly overloaded: boolean;
  /** Age of the newest data when they were taken in, ms. */
  readonly ageMs: number;
  /** How often it was overloaded. */
  readonly overloads: number;
}

/** The source became overloaded at `sinceMs`, or ceases to be. */
export interface BacklogChange extends BacklogStatus {
  readonly sinceMs: number;
  /** Age of the oldest data since then, ms. */
  readonly worstMs: number;
}

/**
 * How old a source's newest data are when they are taken in: what waits here, in the kernel, on the way or at the peer, whoever is too slow.
 * A rate that we cannot take, or a loop that stalls, is `overloaded` until the data are young again. Pure: time comes in with each call.
 */
export class Backlog {
  #ageMs = 0;
  #overloaded = false;
  #overloads = 0;
  #sinceMs = Number.NaN;
  #worstMs = 0;

  get status(): BacklogStatus {
    return { overloaded: this.#overloaded, ageMs: this.#ageMs, overloads: this.#overloads };
  }

  /** Data that are `ageMs` old were taken in at `nowMs`; an age of which nothing is known is NaN. Returns what that changes, if anything. */
  observe(ageMs: number, nowMs: number): BacklogChange | null {
    if (Number.isNaN(ageMs)) return null;
    this.#ageMs = Math.max(0, ageMs);
    this.#worstMs = Math.max(this.#worstMs, this.#ageMs);
    if (this.#overloaded ? this.#ageMs > CAUGHT_UP_MS : this.#ageMs <= OVERLOADED_MS) return null;
    this.#overloaded = !this.#overloaded;
    if (this.#overloaded) {
      this.#overloads++;
      [this.#sinceMs, this.#worstMs] = [nowMs, this.#ageMs];
    }
    return { ...this.status, sinceMs: this.#sinceMs, worstMs: this.#worstMs };
  }
}
