import type { Decoded, DecodeRequest } from "../../src/decode/decoder.ts";
import type { Rgb } from "../../src/decode/planes.ts";

export type DecoderState = "starting" | "ready" | "restarting" | "failed";

/** What the daemon knows of a decoder that is ready. */
export interface DecoderInfo {
  readonly kind: string;
  readonly solver: string;
  readonly provider: string;
  /** How it runs there, and what the picture is computed in. */
  readonly runner: string;
  readonly precision: string;
  /** Why it is this provider and this runner. */
  readonly reason: string;
  readonly steps: readonly number[];
  /** Guidance weight in use; null where the bundle has none. */
  readonly guidance: number | null;
  /** Median ms of a frame with k steps at warm-up, encoding included. */
  readonly costMs: Record<string, number>;
  /** Largest difference to the golden outputs. */
  readonly goldenDifference: number;
}

/** Where a decoder runs, as the daemon sees it: a process of its own that is supervised, or the daemon's own. */
export interface DecoderHost {
  readonly state: DecoderState;
  readonly info: DecoderInfo | null;
  readonly restarts: number;
  /** null while it has no process of its own. */
  readonly pid: number | null;
  /** Resolves when it can decode; rejects with the bundle's coded error. */
  start(): Promise<DecoderInfo>;
  /** Rejects with DECODER_UNAVAILABLE when it cannot decode now, with DECODER_FAILED when it could not decode this window. */
  decode(request: DecodeRequest): Promise<Decoded>;
  close(): Promise<void>;
}

export interface AdaptationState {
  /** Whether it could be switched on now; where not, `why` says why. */
  readonly possible: boolean;
  readonly on: boolean;
  /** Lessons that the decoder has learned from since it started or was reset. */
  readonly updates: number;
  /** Lessons that came while another one was at work, and were left out. */
  readonly skipped: number;
  readonly why: string | null;
}

/** A host whose decoder can learn from windows of known pictures while it runs. Off at first. */
export interface AdaptiveHost extends DecoderHost {
  readonly adaptation: AdaptationState;
  /** Off: what was learned holds on, and nothing more is learned. Throws DECODER_UNAVAILABLE before it has started. */
  adapt(on: boolean): void;
  /** Back to the bundle's decoder, on or off as it was. */
  resetAdaptation(): void;
  /** The window `values` [W * units] showed a picture of latents `target` [D]. False: not taken, since it is off or at work on another one. */
  teach(values: Float32Array, target: Float32Array): boolean;
  /** What the bundle says of a stimulus: the digest of its picture's file, and its latents; null where it does not know it. */
  targetOf(id: string): { readonly sha256: string; readonly latents: Float32Array } | null;
  /** The latents of any picture, as near as the bundle's picture basis comes to it. */
  project(picture: Rgb): Float32Array;
}

export function isAdaptive(host: DecoderHost): host is AdaptiveHost {
  return "teach" in host;
}
