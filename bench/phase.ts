import { z } from "zod";
import type { TraceBody } from "../src/protocol/trace.ts";
import { distributionSchema, Latencies } from "./distribution.ts";

/** What is kept of a phase of a run in which phases take turns. */
export const phaseSchema = z.object({
  /** Bin close to the write to the reference viewer's socket, and the same without the model run. */
  total: distributionSchema,
  overhead: distributionSchema,
  /** Bins that were to give a frame and gave none. */
  missing: z.int(),
});

interface Played<Phase extends string> {
  /** Daemon ms, first and last moment. */
  readonly spans: readonly { phase: Phase; fromMs: number; toMs: number }[];
  readonly trace: TraceBody;
}

/** Bins of all spans of a phase, none left out. */
export function summarisePhase<Phase extends string>(
  phase: Phase,
  everyBins: number,
  { spans, trace }: Played<Phase>,
): z.infer<typeof phaseSchema> {
  const total = new Latencies();
  const overhead = new Latencies();
  let missing = 0;
  const mine = spans.filter((span) => span.phase === phase);
  for (const { index, closedMs, frame } of trace.bins) {
    if (index % everyBins !== 0 || !mine.some(({ fromMs, toMs }) => closedMs >= fromMs && closedMs < toMs)) continue;
    if (frame === null) missing++;
    else {
      const { closed, started, synthesised } = frame.stamps;
      total.record(frame.writtenMs - closed);
      overhead.record(frame.writtenMs - closed - (synthesised - started));
    }
  }
  return { total: total.summary(), overhead: overhead.summary(), missing };
}
