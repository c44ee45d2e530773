/** Samples as they were pulled; `values` has `columns` per sample. */
export interface Samples {
  readonly times: Float64Array<ArrayBuffer>;
  readonly values: Float64Array<ArrayBuffer>;
}

/**
 * What was pulled and not yet handed on. Nothing in it is older than the newest sample by more than `maxAgeS`: what is, is thrown away
 * and counted, so that nobody decodes the past.
 */
export class Backlog {
  readonly #columns: number;
  readonly #maxAgeS: number;
  #chunks: Samples[] = [];
  #flushed = 0;

  constructor(columns: number, maxAgeS: number) {
    this.#columns = columns;
    this.#maxAgeS = maxAgeS;
  }

  push(samples: Samples): void {
    const newestS = samples.times.at(-1);
    if (newestS === undefined) return;
    this.#chunks.push(samples);
    const limitS = newestS - this.#maxAgeS;
    while (this.#chunks.length > 0 && this.#chunks[0]!.times[0]! < limitS) this.#dropBefore(limitS);
  }

  get empty(): boolean {
    return this.#chunks.length === 0;
  }

  /** The oldest chunk. */
  shift(): Samples | undefined {
    return this.#chunks.shift();
  }

  /** How many samples were thrown away since this was last asked. */
  takeFlushed(): number {
    const flushed = this.#flushed;
    this.#flushed = 0;
    return flushed;
  }

  #dropBefore(limitS: number): void {
    const { times, values } = this.#chunks.shift()!;
    const kept = times.findIndex((time) => time >= limitS);
    this.#flushed += kept === -1 ? times.length : kept;
    if (kept !== -1) this.#chunks.unshift({ times: times.slice(kept), values: values.slice(kept * this.#columns) });
  }
}
