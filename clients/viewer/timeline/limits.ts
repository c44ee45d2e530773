import type { RingLimits } from "./frame-ring.ts";

export const SPAN_MS = 5 * 60_000;
const MIB = 2 ** 20;
/** At 100 frames a second for the whole span. */
const FRAMES = 32_768;

/**
 * How much a page keeps. 64x64 pictures at 25 a second are 101 MB in five minutes. Lossless WebP would make that a third
 * (4.6 of 12.3 KB a picture), for 0.7 ms of the page's time every frame and more to decode while scrolling.
 */
export function limitsHere(small: boolean): RingLimits {
  return { bytes: (small ? 32 : 98) * MIB, spanMs: SPAN_MS, frames: FRAMES };
}

/** A phone or a tablet, by its pointer. */
export function isSmall(): boolean {
  return window.matchMedia("(pointer: coarse)").matches;
}
