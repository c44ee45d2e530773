import type { ErrorCode } from "../../src/errors.ts";
import type { LslOptions } from "./options.ts";
import type { StreamDescription } from "./stream.ts";

/** What the thread that reads a stream is told at its start. */
export interface ReaderSettings {
  readonly options: LslOptions;
  readonly unitLabels: readonly string[];
  /** Int32: [stop, batches that were taken]. */
  readonly shared: SharedArrayBuffer;
}

/** Places in `ReaderSettings.shared`. */
export const STOP = 0;
export const TAKEN = 1;

/** LSL's clock of this machine, and `process.hrtime` at the same moment; and how the peer's clock differs, if that is known. */
export interface ClockReading {
  readonly lslS: number;
  readonly hrMs: number;
  /** To be added to the peer's stamps, s; NaN while unknown. */
  readonly correctionS: number;
  /** NaN: this version of liblsl does not tell. */
  readonly uncertaintyS: number;
}

/** What the thread says. `hrMs` is `process.hrtime` when it happened, which all threads share. */
export type ReaderMessage =
  | { readonly kind: "searching"; readonly detail: string; readonly hrMs: number }
  | {
      readonly kind: "connected";
      readonly stream: StreamDescription;
      readonly clock: ClockReading;
      readonly hrMs: number;
    }
  | { readonly kind: "disconnected"; readonly detail: string; readonly hrMs: number }
  | { readonly kind: "clock"; readonly clock: ClockReading }
  | { readonly kind: "reset" }
  | { readonly kind: "failed"; readonly code: ErrorCode; readonly message: string }
  | Batch;

/** Samples in order, and how many were thrown away before them. Numbers for counts and events, texts for markers (null: not UTF-8). */
export interface Batch {
  readonly kind: "batch";
  /** The peer's own stamps, s. */
  readonly times: Float64Array;
  /** Shape [samples, columns]; events have the first two columns only. */
  readonly values: Float64Array;
  readonly texts: readonly (string | null)[] | null;
  readonly flushed: number;
  readonly hrMs: number;
}

/** `process.hrtime` in ms: one clock in all threads of a process. */
export function hrMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
