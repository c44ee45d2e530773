/**
 * Quantiles (nearest rank) of the last `size` values, kept sorted: a value costs two binary searches and a short move. Until
 * twenty values came, `prior` stands for those that are missing, so that one outlier at the start is not the whole truth.
 */
export class RunningQuantiles {
  readonly #ring: Float64Array;
  readonly #sorted: Float64Array;
  readonly #prior: number;
  #count = 0;
  #next = 0;

  constructor(size: number, prior: number) {
    this.#ring = new Float64Array(size);
    this.#sorted = new Float64Array(size);
    this.#prior = prior;
  }

  /** Values that it knows, at most `size`. */
  get count(): number {
    return this.#count;
  }

  /** The quantile of `fraction`, above 0 and at most 1. */
  at(fraction: number): number {
    const missing = Math.max(0, 20 - this.#count);
    const rank = Math.ceil(fraction * (this.#count + missing)) - 1;
    const below = this.#position(this.#prior);
    // The missing ones lie, all of them, where the prior would be inserted.
    if (rank < below) return this.#sorted[rank]!;
    return rank < below + missing ? this.#prior : this.#sorted[rank - missing]!;
  }

  /** Takes a value; the oldest one leaves. What is not a finite number has no place among the sorted and is left out. */
  push(value: number): void {
    if (!Number.isFinite(value)) return;
    if (this.#count === this.#ring.length) this.#remove(this.#ring[this.#next]!);
    const at = this.#position(value);
    this.#sorted.copyWithin(at + 1, at, this.#count++);
    this.#sorted[at] = value;
    this.#ring[this.#next] = value;
    this.#next = (this.#next + 1) % this.#ring.length;
  }

  /** Forgets the `many` oldest values. */
  forget(many: number): void {
    const size = this.#ring.length;
    for (let i = Math.min(many, this.#count); i > 0; i--)
      this.#remove(this.#ring[(this.#next - this.#count + size) % size]!);
  }

  #remove(value: number): void {
    const at = this.#position(value);
    this.#sorted.copyWithin(at, at + 1, this.#count--);
  }

  /** Number of known values below `value`. */
  #position(value: number): number {
    let [low, high] = [0, this.#count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#sorted[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
