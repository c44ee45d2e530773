import type { StepDecision } from "../src/decode/budget.ts";
import { Continuity } from "../src/decode/continuity.ts";
import type { Decoded } from "../src/decode/decoder.ts";
import { assess, isReconstruction, meanOverBins, weighBins } from "../src/decode/evidence.ts";
import type { FrameBudget } from "../src/decode/frame-budget.ts";
import { binWeightsOf, type Manifest } from "../src/decode/manifest.ts";
import type { Ledger } from "../src/ledger.ts";
import type { FrameBody } from "../src/protocol/messages.ts";
import type { ClockMap } from "../src/signal/clock.ts";
import type { Window } from "../src/signal/types.ts";
import type { DecoderHost } from "./decoder/host.ts";
import type { SteeringState } from "./steering.ts";

export interface DecodeStageParts {
  readonly supervisor: DecoderHost;
  readonly budget: FrameBudget;
  readonly ledger: Ledger;
  readonly clock: ClockMap;
  readonly manifest: Manifest;
  readonly digest: string;
  readonly seed: number;
  /** Daemon time of a stamp of the machine's monotonic clock. */
  readonly fromMonotonic: (ms: number) => number;
  readonly now: () => number;
  readonly steering: () => SteeringState;
  /** Number of the newest change by an operator. */
  readonly version: () => number;
  /** How often the source was lost so far. */
  readonly losses: () => number;
  /** The newest event that was known when a bin was closed. */
  readonly eventBefore: (closedMs: number) => FrameBody["event"];
  readonly onFailure: (error: unknown) => void;
  /** There is no time for this window; settles its bin. */
  readonly onNoTime: (window: Window, decision: StepDecision) => void;
}

/** A frame that waits for its sequence number and the time of writing. */
export type FrameDraft = Omit<FrameBody, "seq">;

/** A draft, the window that it is of, and the newest change when it was dispatched. */
export interface Drafted {
  readonly window: Window;
  readonly draft: FrameDraft;
  readonly version: number;
}

/** What is decided while the decoder is down: nothing, and the window fails. */
const UNDECIDED: StepDecision = { steps: 0, estimateMs: 0, leftMs: 0, why: "no-time" };

/**
 * Decodes one window within what is left of its deadline. Every window's bin is settled here, or by the caller once the frame is written:
 * null means that it became `expired` or `failed`.
 */
export function decodeStage(parts: DecodeStageParts): (window: Window) => Promise<Drafted | null> {
  const continuity = new Continuity();
  const weights = binWeightsOf(parts.manifest);
  return async (window) => {
    const { index, closedAtMs } = window.last;
    const { supervisor, budget, now } = parts;
    const decision = supervisor.state === "ready" ? budget.decide(closedAtMs, now()) : UNDECIDED;
    const { steps } = decision;
    if (steps === null) {
      parts.onNoTime(window, decision);
      return null;
    }
    const dispatched = now();
    const steering = parts.steering();
    const version = parts.version();
    try {
      const answer = supervisor.decode({
        values: window.values,
        steps,
        steering: steering.gamma,
        guidance: steering.guidance,
        reset: continuity.isBroken(window.last.epoch, parts.losses()),
      });
      // While the decoder works: afterwards every microsecond counts.
      const observed =
        weights === undefined
          ? meanOverBins(window.values, parts.manifest.bins.window)
          : weighBins(window.values, weights);
      const decoded = await answer;
      const received = now();
      budget.modelled(decision, received - dispatched, decoded.synthesisedMs - decoded.startedMs);
      return {
        window,
        version,
        draft: draftFrame(parts, window, decoded, { decision, steps, steering, observed, dispatched, received }),
      };
    } catch (error) {
      parts.ledger.settle(index, "failed");
      parts.onFailure(error);
      return null;
    }
  };
}

interface Run {
  readonly decision: StepDecision;
  readonly steps: number;
  readonly steering: SteeringState;
  /** Mean over the window's bins, or their weighted sum; shape [units]. */
  readonly observed: Float32Array;
  readonly dispatched: number;
  readonly received: number;
}

function draftFrame(parts: DecodeStageParts, window: Window, decoded: Decoded, run: Run): FrameDraft {
  const { manifest } = parts;
  const { mu, logvar, expected } = decoded;
  const seen = { observed: run.observed, silent: window.silent, mu, logvar, expected };
  const evidence = assess(manifest.evidence, manifest.latents.groups, seen);
  const { first, last } = window;
  const newest = last.lastSpikeAtMs;
  const { totalMs } = parts.budget.options;
  return {
    state: isReconstruction(evidence, manifest.evidence) ? "ok" : "no-reconstruction",
    held: null,
    width: manifest.image.width,
    height: manifest.image.height,
    image: decoded.image,
    mu: bytes(mu),
    logvar: bytes(logvar),
    ...evidence,
    readouts: Object.fromEntries(Object.entries(decoded.readouts).map(([name, value]) => [name, bytes(value)])),
    steps: run.steps,
    decision: asked(run.decision),
    solver: parts.supervisor.info?.solver ?? "",
    seed: parts.seed,
    history: decoded.history,
    guidance: run.steering.guidance,
    steering: [...run.steering.gamma],
    event: parts.eventBefore(last.closedAtMs),
    source: last.source,
    bundle: parts.digest,
    bins: [first.index, last.index],
    sourceS: [first.startS, last.endS],
    // Not before the answer: a restart of the source closes bins and then forgets its clock, within one message.
    clock: { offsetMs: parts.clock.offsetMs, uncertaintyMs: parts.clock.uncertaintyMs },
    silentUnits: window.silent?.reduce((sum, silent) => sum + silent, 0) ?? 0,
    deadlineMs: last.closedAtMs + totalMs,
    budgetMs: totalMs,
    stamps: {
      lastSpike: Number.isNaN(newest) ? null : newest,
      arrived: last.arrivedAtMs,
      closed: last.closedAtMs,
      dispatched: run.dispatched,
      started: parts.fromMonotonic(decoded.startedMs),
      encoded: parts.fromMonotonic(decoded.encodedMs),
      stepped: decoded.steppedMs.map(parts.fromMonotonic),
      synthesised: parts.fromMonotonic(decoded.synthesisedMs),
      received: run.received,
      written: Number.NaN,
    },
  };
}

function asked({ estimateMs, leftMs, why }: StepDecision): FrameBody["decision"] {
  return { estimateMs, leftMs, why };
}

function bytes(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
