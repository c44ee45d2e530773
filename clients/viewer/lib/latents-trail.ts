export const TRAIL_COLUMNS = 200;
export const TRAIL_COLUMN_MS = 50;

/** Means of the latents over the last ten seconds: columns of 50 ms of the daemon's time, oldest overwritten first. */
export class LatentsTrail {
  readonly #columns: (Float32Array | null)[] = new Array<Float32Array | null>(TRAIL_COLUMNS).fill(null);
  #newest = Number.NaN;

  /** Number of the newest column since the daemon's start; NaN before the first. */
  get newest(): number {
    return this.#newest;
  }

  /** `closedMs`: when the frame's last bin was closed. Columns for which no frame came stay empty. */
  push(closedMs: number, mu: Float32Array): void {
    const column = Math.floor(closedMs / TRAIL_COLUMN_MS);
    if (column <= this.#newest - TRAIL_COLUMNS) return;
    const skipped = Math.min(TRAIL_COLUMNS, column - this.#newest - 1);
    for (let i = 1; i <= skipped; i++) this.#columns[(this.#newest + i) % TRAIL_COLUMNS] = null;
    if (!(column <= this.#newest)) this.#newest = column;
    this.#columns[column % TRAIL_COLUMNS] = mu;
  }

  at(column: number): Float32Array | null {
    const held = column <= this.#newest && column > this.#newest - TRAIL_COLUMNS && column >= 0;
    return held ? (this.#columns[column % TRAIL_COLUMNS] ?? null) : null;
  }
}
