/** The `status` message of docs/protocol.md, the body of `GET /status`. */

/** Why so many steps and not more (src/decode/budget.ts). */
export const STEP_REASONS = ["fits", "time", "share", "rate", "held-down", "no-time"] as const;
export type StepReason = (typeof STEP_REASONS)[number];
export const LATE_POLICIES = ["drop", "show-late"] as const;
export const NO_TIME_POLICIES = ["hold", "expire"] as const;

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

export const CHOICE_STATES = ["active", "loading", "available"] as const;

/** One bundle that the daemon may decode with; `detail` is what it waits for while it loads, or why it could not be had the last time. */
export interface ChoiceBody {
  name: string;
  kind: string;
  digest: string;
  state: (typeof CHOICE_STATES)[number];
  detail: string;
}

/** Learning from stimuli whose pictures are known: whether the active decoder can, whether it does, how often it has; `why` it cannot, one sentence. */
export interface AdaptationBody {
  possible: boolean;
  on: boolean;
  updates: number;
  why: string | null;
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
  /** Every bundle of the configuration, in its order. */
  decoders: ChoiceBody[];
  /** Changes of the bundle since the start. */
  switches: number;
  adaptation: AdaptationBody;
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
