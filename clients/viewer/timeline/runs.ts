/** A value that holds from frame `from` on. */
export interface Run<Value> {
  from: number;
  value: Value;
}

/** A value that changes seldom, kept as the frames from which it holds; what only forgotten frames had is forgotten. */
export class Runs<Value> {
  #runs: Run<Value>[] = [];

  /** `value` holds from frame `n`, the newest, on; frames before `oldest` are forgotten. */
  push(n: number, oldest: number, value: Value): void {
    if (this.#runs.at(-1)?.value !== value) this.#runs.push({ from: n, value });
    let gone = 0;
    while ((this.#runs[gone + 1]?.from ?? Number.POSITIVE_INFINITY) <= oldest) gone++;
    if (gone > 0) this.#runs.splice(0, gone);
  }

  at(n: number): Value | undefined {
    return this.#runs.findLast(({ from }) => from <= n)?.value;
  }

  /** Oldest first: borrowed, valid until the next push. */
  get listBorrowed(): readonly Run<Value>[] {
    return this.#runs;
  }

  clear(): void {
    this.#runs = [];
  }
}
