import type { Decoded, DecodeRequest } from "../../src/decode/decoder.ts";

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
