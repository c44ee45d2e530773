/** The messages of docs/protocol.md. One map from type to body; the tagged unions are derived from it. */
import type { StatusBody, StepReason } from "./status.ts";

export {
  type AccessBody,
  type AdaptationBody,
  type BudgetBody,
  CHOICE_STATES,
  type ChoiceBody,
  LATE_POLICIES,
  type LedgerCounts,
  NO_TIME_POLICIES,
  type OutputBody,
  type Percentiles,
  type SourceBody,
  STAGES,
  STEP_REASONS,
  type Stage,
  type StatusBody,
  type StepReason,
  type ViewerCounts,
  type ViewerTotals,
} from "./status.ts";

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
    /** A measure that the bundle cannot tell has threshold null, and in `missing` the reason. */
    evidence: {
      bitsThreshold: number | null;
      explainedThreshold: number | null;
      atypicalityThreshold: number | null;
      missing: { bits?: string | undefined; explained?: string | undefined; atypicality?: string | undefined };
    };
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
  /** Empty for a decoder without latents. */
  mu: Uint8Array;
  /** Empty, like `bits`, where `bits` is missing from the evidence. */
  logvar: Uint8Array;
  bits: number[];
  /** null, like `atypicality`, where it is missing from the evidence. */
  explained: number | null;
  atypicality: number | null;
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
  /** Earlier windows, or updates of an adaptation, that the picture depends on besides its own window. */
  history: number;
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

/** Frames are of another bundle from frame `seq` on, decoded from bin `bin`, written at `atMs`. A `hello` of that bundle came before it. */
export interface SwitchedBody {
  /** As in the `switch` that asked for it. */
  id: number;
  by: number;
  /** Name and digest of the bundle. */
  bundle: string;
  digest: string;
  seq: number;
  bin: number;
  atMs: number;
}

/** What was asked of the adaptation holds from frame `seq` on. */
export interface AdaptedBody {
  /** As in the `adapt` that asked for it. */
  id: number;
  by: number;
  on: boolean;
  /** How often the decoder had learnt when it was asked; 0 after a reset. */
  updates: number;
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
  switched: SwitchedBody;
  adapted: AdaptedBody;
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
  /** `bundle` is the name of one of `status.decoders`. */
  switch: { id: number; bundle: string };
  /** `on` null leaves it as it is; `reset` forgets what was learnt. */
  adapt: { id: number; on: boolean | null; reset?: boolean | undefined };
}

type Tagged<Bodies> = { [Type in keyof Bodies]: Bodies[Type] & { type: Type } }[keyof Bodies];
export type ServerMessage = Tagged<ServerBodies>;
export type ClientMessage = Tagged<ClientBodies>;
