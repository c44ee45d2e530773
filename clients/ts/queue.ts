/** An async iterator over what is pushed, `depth` deep: when the reader is slow, the oldest goes. */
export class LatestQueue<Value> implements AsyncIterableIterator<Value> {
  readonly #depth: number;
  readonly #onEnd: () => void;
  readonly #values: Value[] = [];
  readonly #readers: PromiseWithResolvers<IteratorResult<Value>>[] = [];
  #dropped = 0;
  #ended = false;

  /** `onEnd` is called once, when the reader stops. */
  constructor(depth: number, onEnd: () => void) {
    this.#depth = depth;
    this.#onEnd = onEnd;
  }

  /** Values that the reader was too slow for. */
  get dropped(): number {
    return this.#dropped;
  }

  push(value: Value): void {
    if (this.#ended) return;
    const reader = this.#readers.shift();
    if (reader !== undefined) reader.resolve({ done: false, value });
    else this.#values.push(value);
    if (this.#values.length <= this.#depth) return;
    this.#values.shift();
    this.#dropped += 1;
  }

  /** What is there can still be read; then the iteration is over. */
  end(): void {
    this.#ended = true;
    for (const reader of this.#readers.splice(0)) reader.resolve({ done: true, value: undefined });
  }

  async next(): Promise<IteratorResult<Value>> {
    const value = this.#values.shift();
    if (value !== undefined) return { done: false, value };
    if (this.#ended) return { done: true, value: undefined };
    const reader = withResolvers<IteratorResult<Value>>();
    this.#readers.push(reader);
    return reader.promise;
  }

  async return(): Promise<IteratorResult<Value>> {
    this.end();
    this.#values.length = 0;
    this.#onEnd();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** Promise.withResolvers, which Node 20 does not have. */
function withResolvers<Value>(): PromiseWithResolvers<Value> {
  const parts = {} as PromiseWithResolvers<Value>;
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
}
