import type { StatusBody } from "../../src/protocol/messages.ts";
import { type Distribution, distribution } from "../distribution.ts";
import { arrivalToBin, recovery } from "./arrival.ts";
import type { PublisherReport } from "./publisher.ts";
import type { RigReport, Run } from "./run.ts";
import type { WireReport } from "./wire-publisher.ts";

/** What one run of spikes came to. Counts are messages, unless their names say otherwise. */
export interface IngestRun {
  readonly name: "sustained" | "latency" | "burst";
  readonly rateHz: number;
  readonly seconds: number;
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly missed: number;
  readonly malformed: number;
  readonly restarts: number;
  readonly lateSpikes: number;
  readonly overloads: number;
  readonly bins: Pick<StatusBody["ledger"], "bins" | "frames" | "superseded" | "expired" | "failed">;
  readonly daemonProcessorS: number;
  readonly rigProcessorS: number;
  readonly longestGapMs: number;
  readonly load: number;
  /** Send to bin (sustained) or arrival to bin (latency), ms; null for the burst. */
  readonly toBin: Distribution | null;
  /** Longest that a block was sent after its time, ms (sustained). */
  readonly rigLatestMs: number | null;
  /** Blocks that found earlier ones waiting in the rig (latency, burst). */
  readonly rigQueued: number | null;
  /** Until nothing older than 100 ms was taken in any more, and the age of the oldest, ms (burst). */
  readonly recovery: { readonly afterMs: number; readonly worstMs: number } | null;
}

function common(run: Run<RigReport>) {
  const { publisher, before, after, daemon, rateHz, seconds } = run;
  const counted = (key: string) => (after.source.counters[key] ?? 0) - (before.source.counters[key] ?? 0);
  const bins = (key: keyof StatusBody["ledger"]) => after.ledger[key] - before.ledger[key];
  const received = counted("messages");
  return {
    ...{ rateHz, seconds, sent: publisher.sent, received, lost: publisher.sent - received },
    ...{ missed: counted("missed"), malformed: counted("malformed"), restarts: counted("restarts") },
    lateSpikes: after.spikes.late - before.spikes.late,
    overloads: after.source.backlog.overloads,
    bins: {
      ...{ bins: bins("bins"), frames: bins("frames"), superseded: bins("superseded") },
      ...{ expired: bins("expired"), failed: bins("failed") },
    },
    ...{ daemonProcessorS: run.daemonCpuS, rigProcessorS: publisher.cpuS },
    ...{ longestGapMs: daemon.longestGapMs, load: run.load },
  };
}

export function sustainedRun(run: Run<PublisherReport>): IngestRun {
  const rig = { rigLatestMs: run.publisher.latestMs, rigQueued: null };
  return { name: "sustained", ...common(run), toBin: run.daemon.toBin, ...rig, recovery: null };
}

export function latencyRun(run: Run<WireReport>, blockMs: number): IngestRun {
  const rig = { rigLatestMs: null, rigQueued: run.publisher.queued };
  return { name: "latency", ...common(run), toBin: distribution(arrivalToBin(run, blockMs)), ...rig, recovery: null };
}

/** `burstEndS`: since the rig began. */
export function burstRun(run: Run<WireReport>, blockMs: number, burstEndS: number): IngestRun {
  const rig = { rigLatestMs: null, rigQueued: run.publisher.queued };
  return { name: "burst", ...common(run), toBin: null, ...rig, recovery: recovery(run, blockMs, burstEndS) };
}
