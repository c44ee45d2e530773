import type { Stamps } from "../../../src/protocol/messages.ts";

/** From the close of a bin to the write of its picture, in order. */
export const PARTS = ["wait", "over", "encode", "sample", "image", "back", "write"] as const;
export type Part = (typeof PARTS)[number];

/** What each part is, in words. */
export const PART_WORDS: Record<Part, string> = {
  wait: "bin closed to window handed over: waiting for the decoder",
  over: "to the decoder process",
  encode: "spikes to latents",
  sample: "steps of the sampler",
  image: "latents to picture",
  back: "from the decoder process",
  write: "picture to socket",
};

/** Milliseconds, one for each of `PARTS`. */
export type Parts = readonly number[];

export function partsOf(stamps: Stamps): Parts {
  const sampled = stamps.stepped.at(-1) ?? stamps.encoded;
  const { closed, dispatched, started, encoded, synthesised, received, written } = stamps;
  const ends = [closed, dispatched, started, encoded, sampled, synthesised, received, written];
  return PARTS.map((_, i) => Math.max(0, ends[i + 1]! - ends[i]!));
}

/** Middle value; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The newest frames, stage by stage. */
export class StageTrack {
  readonly #kept: number;
  #frames: Parts[] = [];
  #version = 0;

  constructor(kept: number) {
    this.#kept = kept;
  }

  push(parts: Parts): void {
    this.#frames.push(parts);
    if (this.#frames.length > this.#kept) this.#frames.shift();
    this.#version++;
  }

  get version(): number {
    return this.#version;
  }

  get newest(): Parts | null {
    return this.#frames.at(-1) ?? null;
  }

  /** Median of every stage on its own; null before the first frame. */
  median(): Parts | null {
    if (this.#frames.length === 0) return null;
    return PARTS.map((_, i) => median(this.#frames.map((parts) => parts[i]!)));
  }
}
