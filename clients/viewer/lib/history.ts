/** Total latency of the newest frames, oldest first, as columns for a plot. */
export class LatencyHistory {
  readonly capacity: number;
  #seq: number[] = [];
  #total: number[] = [];
  #late: (number | null)[] = [];
  #budget: number[] = [];
  /** Grows with every change: a painter compares it. */
  version = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  push(seq: number, totalMs: number, budgetMs: number): void {
    this.#seq.push(seq);
    this.#total.push(totalMs);
    this.#late.push(totalMs > budgetMs ? totalMs : null);
    this.#budget.push(budgetMs);
    if (this.#seq.length > this.capacity) {
      for (const column of [this.#seq, this.#total, this.#late, this.#budget]) column.shift();
    }
    this.version++;
  }

  clear(): void {
    for (const column of [this.#seq, this.#total, this.#late, this.#budget]) column.length = 0;
    this.version++;
  }

  /** [seq, total, budget, late]: borrowed, valid until the next push. */
  columnsBorrowed(): [number[], number[], number[], (number | null)[]] {
    return [this.#seq, this.#total, this.#budget, this.#late];
  }
}
