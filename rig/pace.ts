import { setTimeout as wait } from "node:timers/promises";

export interface PaceOptions {
  readonly blockMs: number;
  /** 1 is real time, 2 twice as fast. */
  readonly speed: number;
  /** Monotonic clock, ms. */
  readonly now?: () => number;
  /** Waits some ms, or until the signal aborts. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Numbers of blocks, each once its time has passed. Due times count from the start, so lateness does not add up, and after
 * a stall the blocks that were due come at once. Ends when the signal aborts.
 */
export async function* pace(options: PaceOptions, signal: AbortSignal): AsyncGenerator<number> {
  const now = options.now ?? (() => performance.now());
  const sleep = options.sleep ?? ((ms, stop) => wait(ms, undefined, { signal: stop }).catch(() => {}));
  const start = now();
  for (let block = 0; !signal.aborted; block++) {
    const early = start + ((block + 1) * options.blockMs) / options.speed - now();
    if (early > 0) await sleep(early, signal);
    if (signal.aborted) return;
    yield block;
  }
}
