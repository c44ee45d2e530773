/** One closed bin as the raster needs it; times in seconds on the source's clock. */
export interface RasterBin {
  index: number;
  startS: number;
  endS: number;
  units: Uint16Array;
  offsetsMs: Float32Array;
}

/** The newest bins, oldest overwritten first. A bin that goes back in time (the rig restarted) empties the ring. */
export class RasterRing {
  readonly capacity: number;
  readonly #bins: (RasterBin | undefined)[];
  #pushed = 0;
  #start = 0;

  constructor(capacity: number) {
    if (!(Number.isInteger(capacity) && capacity > 0))
      throw new Error(`capacity: expected a whole number of bins, got ${capacity}`);
    this.capacity = capacity;
    this.#bins = new Array(capacity);
  }

  /** Bins ever pushed: a reader remembers it as its cursor. */
  get cursor(): number {
    return this.#pushed;
  }

  /** Cursor of the oldest bin that is still held. */
  get oldest(): number {
    return Math.max(this.#start, this.#pushed - this.capacity);
  }

  get newest(): RasterBin | undefined {
    return this.#pushed === this.#start ? undefined : this.at(this.#pushed - 1);
  }

  push(bin: RasterBin): void {
    const last = this.newest;
    if (last && bin.startS < last.startS) this.clear();
    this.#bins[this.#pushed % this.capacity] = bin;
    this.#pushed++;
  }

  /** The bin pushed as number `cursor`, if it is still held. */
  at(cursor: number): RasterBin | undefined {
    return cursor >= this.oldest && cursor < this.#pushed ? this.#bins[cursor % this.capacity] : undefined;
  }

  clear(): void {
    this.#start = this.#pushed;
  }
}
