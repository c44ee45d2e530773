import type { Decoded, DecodeRequest } from "../../src/decode/decoder.ts";
import type { ErrorCode } from "../../src/errors.ts";

/** What the decoder process is started with. */
export interface LoadOptions {
  readonly dir: string;
  readonly solver: "ddim" | "ipndm";
  readonly maxSteps: number;
  /** null takes the bundle's default. */
  readonly guidance: number | null;
  readonly seed: number;
  readonly threads: number;
}

/** Messages from the daemon to the decoder process. */
export type ToDecoder = { type: "load"; options: LoadOptions } | ({ type: "decode"; id: number } & DecodeRequest);

export interface ReadyInfo {
  readonly kind: string;
  readonly solver: string;
  readonly provider: string;
  readonly steps: readonly number[];
  /** Guidance weight in use; null where the bundle has none. */
  readonly guidance: number | null;
  /** Median ms of a frame with k steps at warm-up, encoding included. */
  readonly costMs: Record<string, number>;
  /** Largest difference to the golden outputs. */
  readonly goldenDifference: number;
}

export interface Problem {
  readonly code: ErrorCode;
  /** Without the code in front. */
  readonly message: string;
}

/** Messages from the decoder process. */
export type FromDecoder =
  | { type: "progress"; message: string }
  | ({ type: "ready" } & ReadyInfo)
  | { type: "refused"; problem: Problem }
  | ({ type: "decoded"; id: number } & Decoded)
  | { type: "failed"; id: number; problem: Problem };
