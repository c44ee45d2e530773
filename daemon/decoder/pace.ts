import { setImmediate, setTimeout } from "node:timers/promises";
import { monotonicMs } from "../monotonic.ts";

/** Rests of a piece's length that follow it, where another decoder is at work. */
const RESTS = 4;

/**
 * What is awaited between the pieces of a longer work in the daemon's own process. The loop turns, so that frames go first; `beside` another decoder it rests besides, for
 * that one's threads need the cores: a fifth of the time is taken, as little as a process of low priority would get.
 */
export function pace(beside: boolean): () => Promise<void> {
  let sinceMs = monotonicMs();
  return async () => {
    const spentMs = monotonicMs() - sinceMs;
    await (beside ? setTimeout(RESTS * spentMs) : setImmediate());
    sinceMs = monotonicMs();
  };
}
