/** How long before and after the expected arrival of a window the device is left alone, ms: a warm run must not be in its way. */
const GUARD_MS = 2;
/** Arrivals whose spacing tells when the next one is expected. */
const REMEMBERED = 8;

/**
 * Says when a device that idles between windows wants a small run, so that it does not clock down: `idleMs` after the last run, never while a
 * window is decoded and never when the next one is about to come. Knows no clock: times come in, ms.
 */
export class KeepWarm {
  readonly #idleMs: number;
  readonly #spacingsMs: number[] = [];
  #lastArrivalMs = Number.NaN;
  #lastRunMs = Number.NaN;
  #busy = 0;

  constructor(idleMs: number) {
    this.#idleMs = idleMs;
  }

  /** A window came and is going to be decoded. */
  arrived(nowMs: number): void {
    if (!Number.isNaN(this.#lastArrivalMs)) this.#spacingsMs.push(nowMs - this.#lastArrivalMs);
    if (this.#spacingsMs.length > REMEMBERED) this.#spacingsMs.shift();
    this.#lastArrivalMs = nowMs;
    this.#busy++;
  }

  /** That window is done. */
  done(nowMs: number): void {
    this.#busy--;
    this.#lastRunMs = nowMs;
  }

  /** A small run was made. */
  warmed(nowMs: number): void {
    this.#lastRunMs = nowMs;
  }

  /** How long from now until a small run is wanted, ms: 0 is now, Infinity while a window is decoded or before there was any. */
  dueInMs(nowMs: number): number {
    if (this.#busy > 0 || Number.isNaN(this.#lastRunMs)) return Number.POSITIVE_INFINITY;
    const due = Math.max(this.#lastRunMs + this.#idleMs, nowMs);
    const expected = this.#lastArrivalMs + Math.min(...this.#spacingsMs);
    const isInTheWay = Math.abs(due - expected) < GUARD_MS;
    return (isInTheWay ? expected + GUARD_MS : due) - nowMs;
  }
}
