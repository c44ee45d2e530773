import { setTimeout as sleep } from "node:timers/promises";

export interface PaceOptions {
  readonly blockMs: number;
  /** 1 is real time, 2 twice as fast. */
  readonly speed: number;
  /** Monotonic clock, ms. */
  readonly now?: () => number;
}

/**
 * Numbers of blocks, each once its time has passed. Due times count from the start, so lateness does not add up, and after
 * a stall the blocks that were due come at once. Ends when the signal aborts.
 */
export async function* pace(options: PaceOptions, signal: AbortSignal): AsyncGenerator<number> {
  const now = options.now ?? (() => performance.now());
  const start = now();
  for (let block = 0; !signal.aborted; block++) {
    const wait = start + ((block + 1) * options.blockMs) / options.speed - now();
    if (wait > 0) await sleep(wait, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    yield block;
  }
}
