import type { Run } from "./run.ts";
import type { WireReport } from "./wire-publisher.ts";

/** From a block's bytes being in our socket to its spikes being in their bins, ms; one value a spike, in the order of the bins. */
export function arrivalToBin({ daemon, publisher }: Run<WireReport>, blockMs: number): number[] {
  const values: number[] = [];
  for (const [, spikes, lateMs] of takes(daemon.taken, publisher, blockMs))
    for (let i = 0; i < spikes; i++) values.push(lateMs);
  return values;
}

/** After the last block at the burst's rate was written: how long until nothing older than 100 ms was taken in any more, ms; and the oldest of all. */
export function recovery({ daemon, publisher }: Run<WireReport>, blockMs: number, burstEndS: number) {
  const endedMs = publisher.writtenMs[Math.round((burstEndS * 1000) / blockMs)]!;
  let [recoveredMs, worstMs] = [endedMs, 0];
  for (const [atMs, , lateMs] of takes(daemon.taken, publisher, blockMs)) {
    worstMs = Math.max(worstMs, lateMs);
    if (lateMs > 100) recoveredMs = Math.max(recoveredMs, atMs);
  }
  return { afterMs: recoveredMs - endedMs, worstMs };
}

/** When spikes were taken in (ms), how many, and how long after they were written (ms). */
function* takes(taken: readonly number[], { writtenMs }: WireReport, blockMs: number) {
  for (let i = 0; i < taken.length; i += 3) {
    const [sampleS, spikes, atMs] = [taken[i]!, taken[i + 1]!, taken[i + 2]!];
    yield [atMs, spikes, atMs - writtenMs[Math.round((sampleS * 1000) / blockMs)]!] as const;
  }
}
