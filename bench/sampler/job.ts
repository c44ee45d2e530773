import type { Way } from "../../daemon/decoder/providers.ts";

/** What a worker is told, as JSON in its arguments. */
export interface Job extends Way {
  readonly bundle: string;
  readonly threads: number;
  readonly steps: readonly number[];
  /** Options of the CUDA provider instead of those that frames are made with; bound graphs only. */
  readonly cudaOptions: Readonly<Record<string, string>>;
  readonly task:
    | {
        readonly kind: "time";
        readonly runs: number;
        readonly cadencesMs: readonly number[];
        readonly warmMs: number | null;
      }
    /** The outputs of fresh random inputs; `stale` leaves the upload out, and must be noticed. */
    | { readonly kind: "outputs"; readonly inputs: number; readonly stale: boolean };
}

/** One graph at one cadence; 0 is back to back. Times in ms, host array in to host array out. */
export interface Timing {
  readonly graph: "encode" | "sample";
  readonly k: number | null;
  readonly dtype: string;
  readonly cadenceMs: number;
  readonly values: readonly number[];
}

/** Outputs of a graph for each input, base64 of float32. */
export interface Outputs {
  readonly graph: string;
  readonly values: readonly string[];
}

export interface WorkerResult {
  readonly timings: readonly Timing[];
  readonly outputs: readonly Outputs[];
  /** From nothing to every graph loaded and warm, ms. */
  readonly loadMs: number;
}
