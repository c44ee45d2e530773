import type { TraceBin, TraceFrame } from "../../src/protocol/trace.ts";
import type { Origin } from "../output.ts";
import type { Measured } from "./measure.ts";
import type { Plan } from "./plan.ts";
import type { LatencyResult, SpanName, StageName } from "./result.ts";
import { LatencyTally } from "./tally.ts";

/** Times of a frame in the order of its stages, ms on one clock; `receivedMs` is not-a-number where the client never got it. */
export function stagesOf(
  { stamps, serialisedMs, writtenMs }: TraceFrame,
  receivedMs: number,
): Record<StageName, [number, number]> {
  const sampled = stamps.stepped.at(-1) ?? stamps.synthesised;
  return {
    arrived: [stamps.arrived, stamps.closed],
    mailbox: [stamps.closed, stamps.dispatched],
    toDecoder: [stamps.dispatched, stamps.started],
    encode: [stamps.started, stamps.encoded],
    sample: [stamps.encoded, sampled],
    picture: [sampled, stamps.synthesised],
    fromDecoder: [stamps.synthesised, stamps.received],
    draft: [stamps.received, stamps.written],
    serialise: [stamps.written, serialisedMs],
    socket: [serialisedMs, writtenMs],
    client: [serialisedMs, receivedMs],
  };
}

export function spansOf(
  { stamps, writtenMs }: TraceFrame,
  receivedMs: number,
  binEndMs: number,
): Record<SpanName, number> {
  const total = writtenMs - stamps.closed;
  const model = stamps.synthesised - stamps.started;
  return {
    ...{ total, model, overhead: total - model },
    closeToClient: receivedMs - stamps.closed,
    binEnd: writtenMs - binEndMs,
    spike: writtenMs - (stamps.lastSpike ?? Number.NaN),
  };
}

type Offered = Pick<Measured, "fromMs" | "count"> & { readonly trace: Pick<Measured["trace"], "bins"> };

/** The bins that were to give a frame, from the first that was closed after the warm-up: none is left out, whatever became of it. */
export function offeredBins({ trace, fromMs, count: wanted }: Offered, everyBins: number): TraceBin[] {
  const [oldest] = trace.bins;
  if (oldest !== undefined && oldest.index > 0 && oldest.closedMs > fromMs)
    throw new Error(`the trace begins with bin ${oldest.index}, after the first that counts: trace.bins is too small`);
  return trace.bins.filter(({ index, closedMs }) => closedMs >= fromMs && index % everyBins === 0).slice(0, wanted);
}

export function summarise(origin: Origin, plan: Plan, measured: Measured, hogs: number): LatencyResult {
  const { trace, receivedMs, seconds, after } = measured;
  const bins = offeredBins(measured, plan.everyBins);
  const frames = bins.flatMap(({ frame }) => (frame === null ? [] : [frame]));
  const tally = new LatencyTally();
  for (const frame of frames) {
    const atClientMs = (receivedMs.get(frame.seq) ?? Number.NaN) - trace.originMs;
    tally.stages(stagesOf(frame, atClientMs), frame.stamps.closed);
    tally.spans(spansOf(frame, atClientMs, frame.endMs ?? Number.NaN));
  }
  return {
    ...origin,
    harness: "latency",
    bundle: describe(plan),
    provider: [after.decoder.provider, after.decoder.runner, after.decoder.precision].filter(Boolean).join(", "),
    budgetMs: after.budget.totalMs,
    ...{ hogs, blockMs: plan.blockMs, seconds, runs: 1 },
    wantedHz: 1000 / plan.widthMs / plan.everyBins,
    writtenHz: frames.length / seconds,
    offered: bins.length,
    outcomes: count(bins, ({ outcome, note }) => (note === null ? (outcome ?? "in flight") : `${outcome} (${note})`)),
    late: frames.filter(({ writtenMs, deadlineMs }) => writtenMs > deadlineMs).length,
    missing: bins.length - frames.length,
    dropped: frames.filter(({ seq }) => !receivedMs.has(seq)).length,
    steps: count(frames, ({ steps }) => String(steps)),
    states: count(frames, ({ state }) => state),
    ...tally.figures(bins.length - frames.length),
    daemon: measured.daemon,
    decoder: measured.decoder,
  };
}

function describe({ dir, name, digest, kind, image, widthMs, everyBins, retimedFrom }: Plan): LatencyResult["bundle"] {
  return { path: dir, name, digest, kind, image, widthMs, everyBins, retimedFrom };
}

function count<T>(values: readonly T[], key: (value: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[key(value)] = (counts[key(value)] ?? 0) + 1;
  return counts;
}
