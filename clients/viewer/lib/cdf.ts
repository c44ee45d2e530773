/** Latencies of the newest frames as a distribution, ms. */
export class LatencyCdf {
  readonly #ring: Float64Array;
  #pushed = 0;

  constructor(kept: number) {
    this.#ring = new Float64Array(kept);
  }

  push(ms: number): void {
    this.#ring[this.#pushed++ % this.#ring.length] = ms;
  }

  /** Frames ever pushed: a painter compares it. */
  get version(): number {
    return this.#pushed;
  }

  get n(): number {
    return Math.min(this.#pushed, this.#ring.length);
  }

  /** Latencies in ascending order. */
  sorted(): Float64Array {
    return this.#ring.slice(0, this.n).sort();
  }
}

/** The i-th of n sorted values on a scale of nines: 0 is none, 1 is 90 %, 2 is 99 %, 3 is 99.9 % of the frames below. */
export function nines(i: number, n: number): number {
  return -Math.log10(1 - (i + 0.5) / n);
}
