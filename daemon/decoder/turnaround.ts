/** New turnarounds count for an eighth. */
const GAIN = 1 / 8;

/** How long an answer takes, by number of steps: a running mean. */
export class Turnaround {
  readonly #meanMs = new Map<number, number>();

  record(steps: number, ms: number): void {
    const before = this.#meanMs.get(steps) ?? ms;
    this.#meanMs.set(steps, before + GAIN * (ms - before));
  }

  /** ms; null when none was seen. */
  of(steps: number): number | null {
    return this.#meanMs.get(steps) ?? null;
  }
}
