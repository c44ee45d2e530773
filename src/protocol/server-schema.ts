import { z } from "zod";
import {
  CHOICE_STATES,
  LATE_POLICIES,
  NO_TIME_POLICIES,
  ROLES,
  type ServerBodies,
  STAGES,
  STEP_REASONS,
} from "./messages.ts";

// Without this zod probes `new Function`, which the page's Content-Security-Policy reports as a violation.
z.config({ jitless: true });

const count = z.int().nonnegative();
const bin = z.instanceof(Uint8Array);
const float32s = bin.refine((bytes) => bytes.length % 4 === 0, "expected float32 values: a multiple of 4 bytes");
const uint16s = bin.refine((bytes) => bytes.length % 2 === 0, "expected uint16 values: a multiple of 2 bytes");
const pair = z.tuple([z.number(), z.number()]);
const sourceClock = z.object({ offsetMs: z.number(), uncertaintyMs: z.number() });
// Quantiles of nothing are NaN.
const ms = z.union([z.number(), z.nan()]);
const percentiles = z.object({ n: count, p50: ms, p99: ms, p999: ms, max: ms });
const counts = { offered: count, sent: count, dropped: count, queued: count };

export const stampsSchema = z.object({
  lastSpike: z.number().nullable(),
  arrived: z.number(),
  closed: z.number(),
  dispatched: z.number(),
  started: z.number(),
  encoded: z.number(),
  stepped: z.array(z.number()),
  synthesised: z.number(),
  received: z.number(),
  written: z.number(),
});

export const ledgerSchema = z.object({
  ...{ closed: count, inFlight: count, bins: count, frames: count, superseded: count },
  ...{ expired: count, failed: count, gated: count, late: count },
  ...{ discarded: count, held: count },
});

export const decisionSchema = z.object({ estimateMs: z.number(), leftMs: z.number(), why: z.enum(STEP_REASONS) });

const latents = z.object({
  seq: count,
  state: z.enum(["ok", "late", "held", "no-reconstruction"]),
  held: z.object({ seq: count, bin: z.int(), ageMs: z.number() }).nullable(),
  mu: float32s,
  logvar: float32s,
  bits: z.array(z.number()),
  explained: ms.nullable(),
  atypicality: ms.nullable(),
  readouts: z.record(z.string(), float32s),
  bins: pair,
  stamps: stampsSchema,
});

const frame = latents.extend({
  width: count,
  height: count,
  image: bin,
  steps: count,
  decision: decisionSchema,
  solver: z.string(),
  seed: z.number(),
  history: count.default(0),
  guidance: z.number().nullable(),
  steering: z.array(z.number()),
  event: z.object({ n: count, text: z.string(), atMs: z.number() }).nullable(),
  source: z.string(),
  bundle: z.string(),
  sourceS: pair,
  clock: sourceClock,
  silentUnits: count,
  deadlineMs: z.number(),
  budgetMs: z.number(),
});

const threshold = z.number().nullable();
const reason = z.string().optional();
const evidence = z.object({
  ...{ bitsThreshold: threshold, explainedThreshold: threshold, atypicalityThreshold: threshold },
  missing: z.object({ bits: reason, explained: reason, atypicality: reason }).default({}),
});

const bundle = z.object({
  name: z.string(),
  kind: z.string(),
  digest: z.string(),
  units: count,
  unitLabels: z.array(z.string()),
  bins: z.object({ widthMs: z.number(), window: count }),
  image: z.object({ width: count, height: count, channels: count }),
  latents: z.object({ dimension: count, groups: z.array(z.object({ name: z.string(), size: count })) }),
  readouts: z.array(
    z.object({ name: z.string(), kind: z.enum(["class", "value"]), unit: z.string(), labels: z.array(z.string()) }),
  ),
  evidence,
});

const hello = z.object({
  protocol: count,
  server: z.string(),
  session: z.string(),
  nowMs: z.number(),
  unixMs: z.number(),
  bundle,
  budgetMs: z.number(),
  everyBins: count,
  source: z.object({ name: z.string(), kind: z.string() }),
  role: z.enum(ROLES),
  viewer: count,
  guidance: z.object({ default: z.number(), min: z.number(), max: z.number() }).nullable(),
  present: z.boolean(),
});

// Of a clock that nothing has been heard of yet: NaN, give or take infinity.
const unknown = z.union([z.number(), z.nan(), z.literal(Number.POSITIVE_INFINITY)]);
const source = z.object({
  name: z.string(),
  kind: z.string(),
  state: z.enum(["connecting", "live", "lost"]),
  sinceMs: z.number(),
  detail: z.string(),
  counters: z.record(z.string(), z.number()),
  clock: z.object({ offsetMs: unknown, uncertaintyMs: unknown }),
  backlog: z.object({ overloaded: z.boolean(), ageMs: z.number(), overloads: count }),
});

const share = z.number().nullable();
const budget = z.object({
  totalMs: z.number(),
  shares: z.object({ waitMs: share, modelMs: share, writeMs: z.number() }),
  writeMeasured: z.boolean(),
  lateFrames: z.enum(LATE_POLICIES),
  noTime: z.enum(NO_TIME_POLICIES),
  estimatesMs: z.record(z.string(), z.number()),
  steps: z.record(z.string(), count),
  decisions: z.record(z.enum(STEP_REASONS), count),
  misses: count,
});

const status = z.object({
  nowMs: z.number(),
  session: z.string(),
  source,
  sources: z.array(source),
  decoder: z.object({
    state: z.enum(["starting", "ready", "restarting", "failed"]),
    restarts: count,
    pid: count.nullable(),
    ...{ provider: z.string(), runner: z.string(), precision: z.string(), reason: z.string() },
    costMs: z.record(z.string(), z.number()),
  }),
  decoders: z
    .array(
      z.object({
        ...{ name: z.string(), kind: z.string(), digest: z.string() },
        ...{ state: z.enum(CHOICE_STATES), detail: z.string() },
      }),
    )
    .default([]),
  switches: count.default(0),
  adaptation: z
    .object({ possible: z.boolean(), on: z.boolean(), updates: count, why: z.string().nullable() })
    .default({ possible: false, on: false, updates: 0, why: null }),
  budget,
  ledger: ledgerSchema,
  latency: z.record(z.enum(STAGES), percentiles),
  viewers: z.array(z.object({ id: count, ...counts })),
  viewerTotals: z.object({ connected: count, ...counts }),
  spikes: z.object({ total: count, late: count }),
  recording: z
    .object({
      state: z.enum(["recording", "stopped", "closed"]),
      ...{ path: z.string(), bytes: count, records: count, detail: z.string() },
    })
    .optional(),
  process: z.object({ rssBytes: z.number(), uptimeS: z.number() }),
  access: z.object({
    tokens: z.boolean(),
    operators: count,
    viewers: count,
    refused: z.record(z.string(), count),
    log: z.object({ written: count, lost: count }).nullable().default(null),
  }),
  outputs: z.array(
    z.object({
      ...{ name: z.string(), state: z.string(), detail: z.string() },
      ...{ offered: count, sent: count, merged: count, late: count, failed: count, pending: count },
      ...{ lastMs: z.number().nullable(), latency: percentiles },
    }),
  ),
});

/** From which frame a change holds. */
const holdsFrom = { by: count, seq: count, bin: z.int(), atMs: z.number() };
const steered = z.object({
  type: z.literal("steered"),
  id: z.int().nullable(),
  gamma: z.array(z.number()),
  guidance: z.number().nullable(),
  ...holdsFrom,
});
const switched = z.object({
  type: z.literal("switched"),
  ...{ id: z.int(), bundle: z.string(), digest: z.string(), ...holdsFrom },
});
const adapted = z.object({
  type: z.literal("adapted"),
  ...{ id: z.int(), on: z.boolean(), updates: count, ...holdsFrom },
});

/** What the daemon may say, as readers check it. Unknown keys are ignored. */
export const serverSchemas: { [Type in keyof ServerBodies]: z.ZodType<ServerBodies[Type] & { type: Type }> } = {
  hello: hello.extend({ type: z.literal("hello") }),
  frame: frame.extend({ type: z.literal("frame") }),
  latents: latents.extend({ type: z.literal("latents") }),
  spikes: z.object({
    type: z.literal("spikes"),
    index: count,
    startS: z.number(),
    widthMs: z.number(),
    units: uint16s,
    offsetsMs: float32s,
    closedMs: z.number(),
  }),
  event: z.object({
    type: z.literal("event"),
    n: count,
    source: z.string(),
    event: z.enum(["text", "ttl"]),
    text: z.string(),
    sourceS: z.number().nullable(),
    atMs: z.number(),
    stimulus: z.object({ id: z.string(), url: z.string().nullable() }).nullable(),
  }),
  status: status.extend({ type: z.literal("status") }),
  dropped: z.object({ type: z.literal("dropped"), frames: count, latents: count, spikes: count }),
  error: z.object({ type: z.literal("error"), code: z.string(), message: z.string(), id: z.int().nullable() }),
  pong: z.object({ type: z.literal("pong"), id: z.int(), nowMs: z.number() }),
  steered,
  noted: z.object({ type: z.literal("noted"), id: z.int(), n: count, atMs: z.number() }),
  presented: z.object({ type: z.literal("presented"), id: z.int(), stimulus: z.string() }),
  switched,
  adapted,
};
