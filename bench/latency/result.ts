import { z } from "zod";
import { distributionSchema, keptSchema, offeredSchema } from "../distribution.ts";
import { originSchema } from "../output.ts";

/** The stages of a frame in the order in which they come; each begins where the one before ends, but for the last two. */
export const STAGE_NAMES = {
  arrived: "newest block arrived to bin closed",
  mailbox: "bin closed to dispatched",
  toDecoder: "dispatched to model started",
  encode: "encode",
  sample: "sample",
  picture: "to 8-bit colours",
  fromDecoder: "synthesised to received",
  draft: "received to serialising: evidence, lineage",
  serialise: "serialise",
  socket: "socket writes",
  client: "serialised to received by the client",
} as const;
export type StageName = keyof typeof STAGE_NAMES;

/** Spans over several stages. */
export const SPAN_NAMES = {
  total: "bin close to socket write",
  overhead: "everything but the model run",
  model: "model run (encode and sample)",
  closeToClient: "bin close to received by the client",
  binEnd: "end of the bin at the rig to socket write",
  spike: "newest spike to socket write",
} as const;
export type SpanName = keyof typeof SPAN_NAMES;

const usage = z
  .object({
    processorPercent: z.number(),
    rssMiB: z.object({ start: z.number(), end: z.number(), max: z.number() }),
    rssMiBPerHour: z.object({ slope: z.number(), error: z.number() }).nullable(),
  })
  .nullable();

const counts = z.record(z.string(), z.int());

/** What `bench -- latency` keeps. */
export const latencySchema = originSchema.extend({
  harness: z.literal("latency"),
  bundle: z.object({
    ...{ path: z.string(), name: z.string(), digest: z.string(), kind: z.string(), image: z.string() },
    ...{ widthMs: z.number(), everyBins: z.int(), retimedFrom: z.string().nullable() },
  }),
  provider: z.string(),
  budgetMs: z.number(),
  /** Busy processes beside the run. */
  hogs: z.int(),
  blockMs: z.number(),
  seconds: z.number(),
  /** Runs that were put together in this result. */
  runs: z.int(),
  /** Frames/s that the cadence wants, and that were written. */
  wantedHz: z.number(),
  writtenHz: z.number(),
  /** Bins that were to give a frame, and what became of them. */
  offered: z.int(),
  outcomes: counts,
  /** Of all offered bins: frames that were late, and bins that gave none. */
  late: z.int(),
  missing: z.int(),
  /** Written but not received: dropped in the viewer's lane. */
  dropped: z.int(),
  /** Frames by number of steps, and by state. */
  steps: counts,
  states: counts,
  spans: z.object({
    ...{ total: distributionSchema, overhead: distributionSchema, model: distributionSchema },
    ...{ closeToClient: distributionSchema, binEnd: distributionSchema, spike: distributionSchema },
  }),
  stages: z.record(z.string(), distributionSchema),
  /** Bin close to the end of each stage, median frame, ms: for the waterfall. */
  ends: z.record(z.string(), z.object({ p50: z.number(), p99: z.number() })),
  /** Bin close to socket write over all offered bins; a frame that never came is later than all others. */
  offeredTotal: offeredSchema,
  /** All histograms, whole. */
  histograms: z.record(z.string(), keptSchema),
  daemon: usage,
  decoder: usage,
});
export type LatencyResult = z.infer<typeof latencySchema>;
