/** One window to decode. */
export interface DecodeRequest {
  /** Normalised counts, shape [W, units], oldest bin first. */
  readonly values: Float32Array;
  /** Number of solver steps; one of the decoder's `steps`. */
  readonly steps: number;
  /** Added to every latent of a group; shape [groups]. */
  readonly steering: readonly number[];
  /** Guidance weight for this window, within the manifest's range; null or absent: the decoder's own. */
  readonly guidance?: number | null;
  /** Forget the history before this window (`Decoder.reset`): it does not continue the one before. */
  readonly reset?: boolean;
}

/** What the decoder makes of a window. Times are ms on the decoder's own monotonic clock. */
export interface Decoded {
  /** RGB, row by row, 8 bits a channel. */
  readonly image: Uint8Array;
  /** Empty for a kind without latents. */
  readonly mu: Float32Array;
  /** Empty where the bundle has no posterior (`evidence.missing.bits`). */
  readonly logvar: Float32Array;
  /** Window-averaged normalised counts that the latents explain; shape [units]. */
  readonly expected: Float32Array;
  readonly readouts: Record<string, Float32Array>;
  /** Earlier windows, or updates of an adaptation, that this picture depends on; 0 when only on its own window. */
  readonly history: number;
  readonly startedMs: number;
  readonly encodedMs: number;
  /** End of each run of the sampler's network: one a step where it goes step by step, one in all where the steps are fused. */
  readonly steppedMs: readonly number[];
  readonly synthesisedMs: number;
}

/**
 * A way from activity to picture. Deterministic: the same request gives the same answer, bit for bit, on one machine; where the decoder has
 * a history, the same sequence of requests since it was made or reset does. Rejects with DECODER_FAILED on a request of other shapes, which
 * leaves no trace in the history; never returns a picture that was not computed from the request.
 */
export interface Decoder {
  readonly kind: string;
  readonly solver: string;
  /** Numbers of steps it can do, ascending. */
  readonly steps: readonly number[];
  /** Guidance weight of the sampler unless a request has another; null where the bundle has none. */
  readonly guidance: number | null;
  /** Whether a picture depends on windows before its own. */
  readonly state: "none" | "history";
  decode(request: DecodeRequest): Promise<Decoded>;
  /** Forgets what earlier windows left: the next one does not follow on them. What an adaptation has learnt holds on. */
  reset(): void;
  /** Nothing may be asked of it afterwards, but this again. */
  dispose(): Promise<void>;
}
