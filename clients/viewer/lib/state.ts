import type {
  FrameState,
  HelloBody,
  ServerBodies,
  ServerMessage,
  StatusBody,
  StepReason,
} from "../../../src/protocol/messages.ts";
import { floatsCopy, uint16sCopy } from "./bytes.ts";
import { LatencyCdf } from "./cdf.ts";
import { LatencyHistory } from "./history.ts";
import { LatentsTrail } from "./latents-trail.ts";
import { RasterRing } from "./raster-ring.ts";
import { type Parts, partsOf, StageTrack } from "./stages.ts";
import { StimulusTrack } from "./stimuli.ts";

export const RASTER_SECONDS = 4;
const RING_BINS = 1024;
const STRIP_FRAMES = 240;
const CDF_FRAMES = 2000;
/** Weight of a new reading in the smoothed distance between source time and bin closing. */
const LAG_WEIGHT = 0.05;
const LAG_JUMP_MS = 250;

export interface Latents {
  seq: number;
  mu: Float32Array;
  sd: Float32Array;
  bits: number[];
}

export interface Frame {
  seq: number;
  /** Index of the newest bin of its window. */
  bin: number;
  state: FrameState;
  /** The picture of an earlier frame again, so old when it was written, ms; null for a picture of its own. */
  heldMs: number | null;
  width: number;
  height: number;
  image: Uint8Array;
  /** In all groups; null, like the next two, where the bundle cannot tell. */
  bits: number | null;
  explained: number | null;
  atypicality: number | null;
  readouts: Record<string, Float32Array>;
  steps: number;
  /** Why so many steps and not more. */
  why: StepReason;
  solver: string;
  seed: number;
  guidance: number | null;
  /** Earlier windows, or updates of an adaptation, that the picture depends on besides its own. */
  history: number;
  /** Digest of the bundle that it was decoded with. */
  bundle: string;
  closedMs: number;
  /** Where the time from the close of the bin to the write went. */
  parts: Parts;
  /** Bin closed to socket written. */
  totalMs: number;
  /** Newest spike to socket written. */
  ageMs: number | null;
  budgetMs: number;
  /** Page clock. */
  arrivedAtMs: number;
}

export interface Note {
  text: string;
  atMs: number;
  fault: boolean;
}

export interface ViewerState {
  link: { phase: "connecting" | "open" | "down" | "locked"; everOpen: boolean; attempt: number; retryAtMs: number };
  hello: HelloBody | null;
  frame: Frame | null;
  /** Set while the page shows an earlier frame: when that frame arrived, page clock. */
  past: { arrivedAtMs: number } | null;
  latents: Latents | null;
  status: StatusBody | null;
  stimuli: StimulusTrack;
  raster: RasterRing;
  history: LatencyHistory;
  cdf: LatencyCdf;
  stages: StageTrack;
  trail: LatentsTrail;
  /** Server time at which a bin closes, minus its end on the source's clock; null before the first bin. */
  lagMs: number | null;
  /** Bins from one frame to the next, the least that was seen; null before the second frame. */
  strideBins: number | null;
  note: Note | null;
  dropped: { frames: number; latents: number; spikes: number };
  /** Messages of the daemon that this page could not read. */
  unreadable: number;
  /** Bin closed to picture on the glass, of the newest shown frame. */
  glassMs: number | null;
}

export function emptyState(): ViewerState {
  return {
    link: { phase: "connecting", everOpen: false, attempt: 0, retryAtMs: 0 },
    hello: null,
    frame: null,
    past: null,
    latents: null,
    status: null,
    stimuli: new StimulusTrack(),
    raster: new RasterRing(RING_BINS),
    history: new LatencyHistory(STRIP_FRAMES),
    cdf: new LatencyCdf(CDF_FRAMES),
    stages: new StageTrack(STRIP_FRAMES),
    trail: new LatentsTrail(),
    lagMs: null,
    strideBins: null,
    note: null,
    dropped: { frames: 0, latents: 0, spikes: 0 },
    unreadable: 0,
    glassMs: null,
  };
}

type Handlers = { [Type in keyof ServerBodies]: (state: ViewerState, body: ServerBodies[Type], atMs: number) => void };

const HANDLERS: Handlers = {
  hello: applyHello,
  frame: applyFrame,
  latents: applyLatents,
  spikes: applySpikes,
  event: applyEvent,
  status: (state, body) => {
    state.status = body;
  },
  dropped: (state, body) => {
    for (const lane of ["frames", "latents", "spikes"] as const) state.dropped[lane] += body[lane];
  },
  error: (state, body, atMs) => {
    state.note = { text: `${body.code}: ${body.message}`, atMs, fault: true };
  },
  pong: () => {},
  steered: () => {},
  noted: () => {},
  presented: () => {},
  switched: () => {},
  adapted: () => {},
};

/** Takes one message into the state; `atMs` is the page's clock at arrival. */
export function applyMessage(state: ViewerState, message: ServerMessage, atMs: number): void {
  const handle = HANDLERS[message.type] as (state: ViewerState, body: ServerMessage, atMs: number) => void;
  handle(state, message, atMs);
}

/** Another session is a restarted daemon: nothing of the former one may be shown as if it were of this one. */
function applyHello(state: ViewerState, body: HelloBody): void {
  if (state.hello && state.hello.session !== body.session) {
    const { link, unreadable } = state;
    Object.assign(state, emptyState(), { link, unreadable });
  } else if (state.hello && state.hello.bundle.digest !== body.bundle.digest) forgetBundle(state);
  state.hello = body;
}

/** Another bundle from the next frame on: what was measured and read out by the former one is not put under the new one's names. */
function forgetBundle(state: ViewerState): void {
  state.latents = null;
  state.trail = new LatentsTrail();
  state.cdf = new LatencyCdf(CDF_FRAMES);
  state.stages = new StageTrack(STRIP_FRAMES);
  state.strideBins = null;
  if (state.frame) Object.assign(state.frame, { readouts: {}, bits: null, explained: null, atypicality: null });
}

function applyFrame(state: ViewerState, body: ServerBodies["frame"], atMs: number): void {
  applyStride(state, body.bins[1]);
  const { closed, written, lastSpike } = body.stamps;
  state.frame = {
    seq: body.seq,
    bin: body.bins[1],
    state: body.state,
    heldMs: body.held?.ageMs ?? null,
    width: body.width,
    height: body.height,
    image: body.image,
    bits: body.bits.length === 0 ? null : body.bits.reduce((sum, bits) => sum + bits, 0),
    explained: body.explained,
    atypicality: body.atypicality,
    readouts: Object.fromEntries(Object.entries(body.readouts).map(([name, bytes]) => [name, floatsCopy(bytes)])),
    steps: body.steps,
    why: body.decision.why,
    ...{ solver: body.solver, seed: body.seed, guidance: body.guidance, history: body.history, bundle: body.bundle },
    closedMs: closed,
    parts: partsOf(body.stamps),
    totalMs: written - closed,
    ageMs: lastSpike === null ? null : written - lastSpike,
    budgetMs: body.budgetMs,
    arrivedAtMs: atMs,
  };
  state.history.push(body.seq, written - closed, body.budgetMs);
  state.cdf.push(written - closed);
  // The stages of a held picture are those of the earlier frame, which have been taken in.
  if (!body.held) state.stages.push(state.frame.parts);
  applyLatents(state, body);
}

function applyStride(state: ViewerState, bin: number): void {
  const stride = state.frame ? bin - state.frame.bin : 0;
  if (stride > 0) state.strideBins = Math.min(stride, state.strideBins ?? stride);
}

function applyLatents(state: ViewerState, body: ServerBodies["latents"]): void {
  if (state.latents && body.seq <= state.latents.seq) return;
  const sd = floatsCopy(body.logvar).map((logvar) => Math.exp(logvar / 2));
  const mu = floatsCopy(body.mu);
  state.latents = { seq: body.seq, mu, sd, bits: body.bits };
  if (!body.held) state.trail.push(body.stamps.closed, mu);
}

function applySpikes(state: ViewerState, body: ServerBodies["spikes"]): void {
  const endMs = body.startS * 1000 + body.widthMs;
  const lag = body.closedMs - endMs;
  const jumped = state.lagMs === null || Math.abs(lag - state.lagMs) > LAG_JUMP_MS;
  state.lagMs = jumped ? lag : state.lagMs! + LAG_WEIGHT * (lag - state.lagMs!);
  const units = uint16sCopy(body.units);
  const offsetsMs = floatsCopy(body.offsetsMs);
  state.raster.push({ index: body.index, startS: body.startS, endS: endMs / 1000, units, offsetsMs });
}

function applyEvent(state: ViewerState, body: ServerBodies["event"], atMs: number): void {
  if (body.stimulus) state.stimuli.apply(body.stimulus, body.sourceS ?? (body.atMs - (state.lagMs ?? 0)) / 1000);
  else if (body.event === "text") state.note = { text: body.text, atMs, fault: false };
}
