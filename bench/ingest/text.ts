import { type Origin, originText } from "../output.ts";
import { distributionRow, table } from "../table.ts";
import type { IngestRun } from "./result.ts";

export interface IngestResult extends Origin {
  readonly bundle: string;
  readonly blockMs: number;
  readonly runs: readonly IngestRun[];
}

const TITLES: Record<IngestRun["name"], (run: IngestRun) => string> = {
  sustained: ({ rateHz, seconds }) => `**${rateHz} spikes/s for ${seconds} s** by libzmq,`,
  latency: ({ rateHz, seconds }) => `**${rateHz} spikes/s for ${seconds} s**`,
  burst: ({ rateHz }) => `**${rateHz} spikes/s, for one second ten times that,**`,
};

/** The result as docs/performance.md has it. */
export function ingestText(result: IngestResult): string {
  return [
    `${originText(result)} Bundle \`${result.bundle}\`, every bin decoded.`,
    "*Send to bin* is from the moment a spike is handed to the sender's socket to the moment it lies in its bin; *arrival to bin* from the moment just before the block's bytes are",
    "written into the kernel, which on the loopback puts them into our socket, to the moment the spike lies in its bin. One clock.",
    ...result.runs.flatMap((run) => ["", runText(run, result.blockMs)]),
    "",
  ].join("\n");
}

export function runText(run: IngestRun, blockMs: number): string {
  const what = run.name === "sustained" ? "send to bin" : "arrival to bin";
  const rows = run.toBin === null ? [] : ["", ...table([distributionRow(what, run.toBin)])];
  return [`${TITLES[run.name](run)} ${counts(run, blockMs)}`, `${cost(run)} ${extra(run)}`, ...rows].join("\n");
}

/** What was lost. */
function counts(run: IngestRun, blockMs: number): string {
  const { sent, received, lost, missed, malformed, restarts, lateSpikes, overloads } = run;
  return `in blocks of ${blockMs} ms: ${sent} messages sent, ${received} received, **${lost} lost** (counted as missed: ${missed}), ${malformed} malformed, ${restarts} restarts; spikes too late for their bin: ${lateSpikes}; overloaded ${overloads} times.`;
}

/** What was decoded meanwhile, and what it cost. */
function cost({ bins, seconds, daemonProcessorS, rigProcessorS, received, longestGapMs, load }: IngestRun): string {
  const percent = (usedS: number) => ((100 * usedS) / seconds).toFixed(0);
  const perCpuS = Math.round(received / daemonProcessorS);
  return `Decoded meanwhile: ${(bins.frames / seconds).toFixed(1)} frames/s of ${(bins.bins / seconds).toFixed(1)} bins/s (${bins.superseded} superseded, ${bins.expired} expired, ${bins.failed} failed). The daemon without its decoder process used ${percent(daemonProcessorS)} % of a core (${perCpuS} messages per CPU-second, everything included), the publisher ${percent(rigProcessorS)} %. Longest time without a block: ${longestGapMs.toFixed(1)} ms. Load of the machine at the end: ${load.toFixed(1)}.`;
}

function extra({ recovery, rigLatestMs, rigQueued }: IngestRun): string {
  if (recovery !== null)
    return `What was taken in was ${recovery.worstMs.toFixed(0)} ms old at most, and no more than 100 ms old again ${recovery.afterMs.toFixed(0)} ms after the burst.`;
  if (rigLatestMs !== null)
    return `The publisher was ${rigLatestMs.toFixed(1)} ms late at most; its lateness and libzmq's queue are in the times.`;
  return `Blocks that waited in the publisher: ${rigQueued}.`;
}
