/** The messages of docs/protocol.md. One map from type to body; the tagged unions are derived from it. */

export const PROTOCOL = "phosphene.v1";
export const PROTOCOL_VERSION = 1;
export const TOPICS = ["frame", "latents", "spikes", "event", "status"] as const;
export type Topic = (typeof TOPICS)[number];

export interface LatentGroup {
  name: string;
  size: number;
}

/** What a connection may do: an operator changes what is decoded and shown, a viewer watches. */
export const ROLES = ["viewer", "operator"] as const;
export type Role = (typeof ROLES)[number];

export interface HelloBody {
  protocol: number;
  server: string;
  session: string;
  nowMs: number;
  unixMs: number;
  bundle: {
    name: string;
    kind: string;
    digest: string;
    units: number;
    unitLabels: string[];
    bins: { widthMs: number; window: number };
    image: { width: number; height: number; channels: number };
    latents: { dimension: number; groups: LatentGroup[] };
    /** `unit` is empty for a class: its values are probabilities. */
    readouts: { name: string; kind: "class" | "value"; unit: string; labels: string[] }[];
    evidence: { bitsThreshold: number; explainedThreshold: number; atypicalityThreshold: number };
  };
  budgetMs: number;
  /** Every so many bins a frame is decoded. */
  everyBins: number;
  source: { name: string; kind: string };
  role: Role;
  /** Id of this connection, as in `steered.by` and the viewers of `status`. */
  viewer: number;
  /** Range of the sampler's guidance weight and what is used unless steered; null where the bundle has none. */
  guidance: { default: number; min: number; max: number } | null;
  /** There is a rig that shows pictures (`present`). */
  present: boolean;
}

export type FrameState = "ok" | "late" | "held" | "no-reconstruction";

/** Why so many steps and not more (src/decode/budget.ts). */
export const STEP_REASONS = ["fits", "time", "share", "rate", "held-down", "no-time"] as const;
export type StepReason = (typeof STEP_REASONS)[number];
export const LATE_POLICIES = ["drop", "show-late"] as const;
export const NO_TIME_POLICIES = ["hold", "expire"] as const;

/** Times of one frame, ms on the daemon's monotonic clock. */
export interface Stamps {
  lastSpike: number | null;
  /** The newest message of the source before the bin was closed. */
  arrived: number;
  closed: number;
  dispatched: number;
  started: number;
  encoded: number;
  /** End of each run of the sampler's network: one a step, or one in all where the steps are fused. */
  stepped: number[];
  synthesised: number;
  received: number;
  written: number;
}

/** What `frame` and `latents` have in common. Byte fields are little-endian float32. */
export interface LatentsBody {
  seq: number;
  state: FrameState;
  /** The picture of frame `seq` again, `ageMs` after its bin closed, in place of one of bin `bin` for which there was no time; else null. */
  held: { seq: number; bin: number; ageMs: number } | null;
  mu: Uint8Array;
  logvar: Uint8Array;
  bits: number[];
  explained: number;
  atypicality: number;
  readouts: Record<string, Uint8Array>;
  bins: [number, number];
  stamps: Stamps;
}

export interface FrameBody extends LatentsBody {
  width: number;
  height: number;
  image: Uint8Array;
  steps: number;
  /** How the number of steps came about: estimated cost of the model run and the time that was left for it, ms. */
  decision: { estimateMs: number; leftMs: number; why: StepReason };
  solver: string;
  seed: number;
  /** Guidance weight of the sampler; null where the bundle has none. */
  guidance: number | null;
  steering: number[];
  /** The newest event of a source or a client that was known when the frame's last bin was closed. */
  event: { n: number; text: string; atMs: number } | null;
  source: string;
  bundle: string;
  sourceS: [number, number];
  clock: { offsetMs: number; uncertaintyMs: number };
  /** Units whose source is lost: they tell nothing, and the evidence leaves them out. */
  silentUnits: number;
  deadlineMs: number;
  budgetMs: number;
}

export interface SpikesBody {
  index: number;
  startS: number;
  widthMs: number;
  units: Uint8Array;
  offsetsMs: Uint8Array;
  closedMs: number;
}

export interface EventBody {
  /** Number of the event in this session, from 0. */
  n: number;
  source: string;
  event: "text" | "ttl";
  text: string;
  sourceS: number | null;
  atMs: number;
  stimulus: { id: string; url: string | null } | null;
}

export interface Percentiles {
  n: number;
  p50: number;
  p99: number;
  p999: number;
  max: number;
}

export const STAGES = ["total", "queue", "encode", "synthesise", "overhead", "age", "glass"] as const;
export type Stage = (typeof STAGES)[number];

export interface LedgerCounts {
  closed: number;
  inFlight: number;
  bins: number;
  frames: number;
  superseded: number;
  expired: number;
  failed: number;
  gated: number;
  /** Of the frames: shown after their deadline. */
  late: number;
  /** Of the expired: the picture came after the deadline and was thrown away. */
  discarded: number;
  /** Of the expired: the last picture was shown again. */
  held: number;
}

/** The budget of a frame: what is in effect, and what was decided since the start. */
export interface BudgetBody {
  totalMs: number;
  /** null: not bounded on its own. `writeMs` is what is kept free now, measured unless configured. */
  shares: { waitMs: number | null; modelMs: number | null; writeMs: number };
  writeMeasured: boolean;
  lateFrames: (typeof LATE_POLICIES)[number];
  noTime: (typeof NO_TIME_POLICIES)[number];
  /** Estimated cost now of a frame with k steps, ms. */
  estimatesMs: Record<string, number>;
  /** Bins for which k steps were chosen. */
  steps: Record<string, number>;
  decisions: Record<StepReason, number>;
  /** Bins that were to be decoded and gave no picture by their deadline: `late` frames and `expired`. */
  misses: number;
}

/** Messages of one viewer since it connected: `offered = sent + dropped + queued` at every instant. */
export interface ViewerCounts {
  id: number;
  offered: number;
  sent: number;
  dropped: number;
  queued: number;
}

/** The same over all viewers of the session, departed ones included; `connected` is how many there are now. */
export interface ViewerTotals {
  connected: number;
  offered: number;
  sent: number;
  dropped: number;
  queued: number;
}

export interface SourceBody {
  name: string;
  kind: string;
  state: "connecting" | "live" | "lost";
  sinceMs: number;
  detail: string;
  counters: Record<string, number>;
  clock: { offsetMs: number; uncertaintyMs: number };
  /** Age of the newest data when they were taken in; `overloaded` while that is no feedback any more, and how often it was. */
  backlog: { overloaded: boolean; ageMs: number; overloads: number };
}

/** Who is connected with which role, and what was refused since the start, by reason. */
export interface AccessBody {
  /** Connections need a token. */
  tokens: boolean;
  operators: number;
  viewers: number;
  refused: Record<string, number>;
  /** Lines of the log of actions; null when none is kept. */
  log: { written: number; lost: number } | null;
}

/** One output besides the viewers (docs/outputs.md): `offered = sent + merged + late + failed + pending` at every instant. */
export interface OutputBody {
  name: string;
  state: string;
  detail: string;
  offered: number;
  sent: number;
  /** What was asked for was so already: a pulse that was prolonged. */
  merged: number;
  /** Not sent, for its deadline had passed. */
  late: number;
  failed: number;
  pending: number;
  /** Of those sent, from the close of the bin (or the event) to the hand-over, ms: the last, and all. */
  lastMs: number | null;
  latency: Percentiles;
}

export interface StatusBody {
  nowMs: number;
  session: string;
  /** What is decoded: the one source, or all of them merged. */
  source: SourceBody;
  /** Each source of several; empty when there is one. */
  sources: SourceBody[];
  decoder: {
    state: "starting" | "ready" | "restarting" | "failed";
    restarts: number;
    pid: number | null;
    /** Execution provider: "cpu", "cuda", "webgpu"; "in-process" where it has no process of its own. */
    provider: string;
    /** How its graphs are run: "bound" or "plain", "matrices" in-process; empty before it is ready. */
    runner: string;
    /** What the picture is computed in: "fp32", "tf32", "fp16". */
    precision: string;
    /** Why it is this provider, one sentence. */
    reason: string;
    costMs: Record<string, number>;
  };
  budget: BudgetBody;
  ledger: LedgerCounts;
  latency: Record<Stage, Percentiles>;
  viewers: ViewerCounts[];
  viewerTotals: ViewerTotals;
  spikes: { total: number; late: number };
  /** Absent when nothing is to be recorded. */
  recording?:
    | { state: "recording" | "stopped" | "closed"; path: string; bytes: number; records: number; detail: string }
    | undefined;
  process: { rssBytes: number; uptimeS: number };
  access: AccessBody;
  outputs: OutputBody[];
}

/** A change of steering holds from frame `seq`, decoded from bin `bin`, written at `atMs`. */
export interface SteeredBody {
  /** As in the `steer` that asked for it. */
  id: number | null;
  /** The connection that asked for it. */
  by: number;
  gamma: number[];
  /** The weight in effect: null only where the bundle has none. */
  guidance: number | null;
  seq: number;
  bin: number;
  atMs: number;
}

export interface ServerBodies {
  hello: HelloBody;
  frame: FrameBody;
  latents: LatentsBody;
  spikes: SpikesBody;
  event: EventBody;
  status: StatusBody;
  dropped: { frames: number; latents: number; spikes: number };
  /** `id` is that of the message that was refused, where it had one. */
  error: { code: string; message: string; id: number | null };
  pong: { id: number; nowMs: number };
  steered: SteeredBody;
  noted: { id: number; n: number; atMs: number };
  presented: { id: number; stimulus: string };
}

export interface ClientBodies {
  subscribe: { topics: Topic[] };
  /** `guidance` null or absent: the default of `hello`. */
  steer: { gamma: number[]; guidance?: number | null | undefined; id?: number | null | undefined };
  shown: { seq: number; atMs: number };
  ping: { id: number };
  /** `atMs` is server time; without it, when it arrives. */
  event: { id: number; text: string; atMs?: number | null | undefined };
  /** `image` is RGB, row by row, 8 bits a channel. */
  present: { id: number; width: number; height: number; image: Uint8Array };
}

type Tagged<Bodies> = { [Type in keyof Bodies]: Bodies[Type] & { type: Type } }[keyof Bodies];
export type ServerMessage = Tagged<ServerBodies>;
export type ClientMessage = Tagged<ClientBodies>;
