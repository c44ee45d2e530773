import type { Decoded, DecodeRequest } from "../../src/decode/decoder.ts";
import type { ErrorCode } from "../../src/errors.ts";
import type { Placement } from "../placement.ts";
import type { Precision } from "./graphs.ts";
import type { DecoderInfo } from "./host.ts";
import type { Way } from "./providers.ts";
import type { DecoderOptions } from "./request.ts";

/** What the decoder process is started with. */
export interface LoadOptions extends DecoderOptions {
  readonly dir: string;
  readonly threads: number;
  /** On a GPU: a small run when nothing was decoded for this long, ms; null for none. */
  readonly keepWarmMs: number | null;
  readonly way: Way;
  /** Where and how urgently the process runs; absent leaves it as it is. */
  readonly placement?: Placement;
  /** The process was made less urgent, so that another decoder is not held up: the nice value to take once it has loaded. */
  readonly comeForward?: number;
}

/**
 * Messages from the daemon to the decoder process. With `spinMs` windows come through shared memory instead, and are looked for without
 * sleeping for so long, ms.
 */
export type ToDecoder =
  | { type: "load"; options: LoadOptions; spinMs: number | null }
  | ({ type: "decode"; id: number } & DecodeRequest);

/** What the daemon knows of a decoder (`DecoderInfo`), by the names that the decoder process has for it. */
export interface ReadyInfo extends Omit<DecoderInfo, keyof Way | "precision">, Way {
  readonly precision: Precision;
}

/** What the process itself can say: not why it was started this way. */
export type LoadedInfo = Omit<ReadyInfo, "reason">;

export interface Problem {
  readonly code: ErrorCode;
  /** Without the code in front. */
  readonly message: string;
}

/** Messages from the decoder process. */
export type FromDecoder =
  | { type: "progress"; message: string }
  | ({ type: "ready" } & LoadedInfo)
  | { type: "refused"; problem: Problem }
  /** The provider failed in a way that only another process mends: this one exits. */
  | { type: "ending"; problem: Problem }
  | ({ type: "decoded"; id: number } & Decoded)
  | { type: "failed"; id: number; problem: Problem };
