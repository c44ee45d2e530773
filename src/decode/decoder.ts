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
}

/** What the decoder makes of a window. Times are ms on the decoder's own monotonic clock. */
export interface Decoded {
  /** RGB, row by row, 8 bits a channel. */
  readonly image: Uint8Array;
  readonly mu: Float32Array;
  readonly logvar: Float32Array;
  /** Window-averaged normalised counts that the latents explain; shape [units]. */
  readonly expected: Float32Array;
  readonly readouts: Record<string, Float32Array>;
  readonly startedMs: number;
  readonly encodedMs: number;
  /** End of each run of the sampler's network: one a step where it goes step by step, one in all where the steps are fused. */
  readonly steppedMs: readonly number[];
  readonly synthesisedMs: number;
}

/**
 * A way from activity to picture. Deterministic: the same request gives the same answer, bit for bit, on one machine.
 * Rejects with DECODER_FAILED on a request of other shapes; never returns a picture that was not computed from the request.
 */
export interface Decoder {
  readonly kind: string;
  readonly solver: string;
  /** Numbers of steps it can do, ascending. */
  readonly steps: readonly number[];
  /** Guidance weight of the sampler unless a request has another; null where the bundle has none. */
  readonly guidance: number | null;
  decode(request: DecodeRequest): Promise<Decoded>;
  dispose(): Promise<void>;
}
