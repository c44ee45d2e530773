import type { Config } from "../src/config.ts";
import type { FrameBudget } from "../src/decode/frame-budget.ts";
import type { Ledger } from "../src/ledger.ts";
import type { StatusBody } from "../src/protocol/messages.ts";
import type { Binner } from "../src/signal/binner.ts";
import type { DecoderHost } from "./decoder/host.ts";
import type { LatencyRecorder } from "./latency.ts";
import type { Outputs } from "./outputs.ts";
import type { Recorder } from "./recorder/recorder.ts";
import type { Sources } from "./sources.ts";

export interface StatusParts {
  readonly config: Config;
  readonly session: string;
  readonly source: Sources;
  readonly binner: Binner;
  readonly supervisor: DecoderHost;
  /** Of every decoder of the session. */
  readonly restarts: number;
  readonly budget: FrameBudget;
  readonly ledger: Ledger;
  readonly latency: LatencyRecorder;
  readonly recorder: Recorder | null;
  readonly outputs: Outputs | null;
  readonly choice: Pick<StatusBody, "decoders" | "switches" | "adaptation">;
  readonly viewers: Pick<StatusBody, "viewers" | "viewerTotals" | "access">;
  readonly nowMs: number;
}

/** The body of `/status` and of the `status` message. */
export function statusBody(parts: StatusParts): StatusBody {
  const { config, source, binner, supervisor, ledger, latency } = parts;
  return {
    nowMs: parts.nowMs,
    session: parts.session,
    source: {
      name: source.name,
      kind: config.source.kind,
      ...source.status(),
      counters: { ...source.counters },
      clock: { offsetMs: binner.clock.offsetMs, uncertaintyMs: binner.clock.uncertaintyMs },
      backlog: source.backlog.status,
    },
    sources: source.each(),
    decoder: {
      state: supervisor.state,
      restarts: parts.restarts,
      pid: supervisor.pid,
      provider: supervisor.info?.provider ?? "",
      runner: supervisor.info?.runner ?? "",
      precision: supervisor.info?.precision ?? "",
      reason: supervisor.info?.reason ?? "",
      costMs: parts.budget.estimates(),
    },
    ...parts.choice,
    budget: budgetBody(parts),
    ledger: ledger.counts(),
    latency: latency.percentiles(),
    ...parts.viewers,
    ...(parts.recorder && { recording: parts.recorder.status() }),
    spikes: { total: binner.total, late: binner.late },
    outputs: parts.outputs?.status() ?? [],
    process: { rssBytes: process.memoryUsage.rss(), uptimeS: process.uptime() },
  };
}

function budgetBody({ config, budget, ledger }: StatusParts): StatusBody["budget"] {
  const { lateFrames, noTime } = config.decode;
  const { totalMs, shares } = budget.options;
  const { late, expired } = ledger.counts();
  return {
    totalMs,
    shares: { ...shares, writeMs: budget.writeMs },
    writeMeasured: shares.writeMs === null,
    ...{ lateFrames, noTime },
    estimatesMs: budget.estimates(),
    ...budget.counts(),
    misses: late + expired,
  };
}
