import { UNKNOWN } from "../lib/format.ts";
import { SPAN_MS } from "./limits.ts";

const SECOND_MS = 1000;
/** Lengths of the axis, ms: it grows in steps, so that what is on it does not move under the pointer. */
const LENGTHS_MS = [30, 60, 120].map((seconds) => seconds * SECOND_MS);
const TICKS = 5;

/** The stretch of time that the strip shows: page clock, ms. */
export interface Stretch {
  nowMs: number;
  lengthMs: number;
}

/** The shortest axis that shows all that is held. */
export function axisMs(heldMs: number): number {
  return LENGTHS_MS.find((length) => heldMs <= length) ?? SPAN_MS;
}

/** Where a moment lies on the axis: 0 its far end, 1 now. */
export function placeOf(atMs: number, nowMs: number, lengthMs: number): number {
  return 1 - (nowMs - atMs) / lengthMs;
}

export function momentOf(place: number, nowMs: number, lengthMs: number): number {
  return nowMs - (1 - place) * lengthMs;
}

/** Marks of the axis from the far end to now, the far end and now left out. */
export function ticks(lengthMs: number): { place: number; label: string }[] {
  return Array.from({ length: TICKS - 1 }, (_, i) => {
    const agoMs = (lengthMs * (TICKS - 1 - i)) / TICKS;
    return { place: placeOf(-agoMs, 0, lengthMs), label: `−${clock(agoMs)}` };
  });
}

/** "4:05": minutes and seconds. */
export function clock(spanMs: number): string {
  if (!Number.isFinite(spanMs)) return UNKNOWN;
  const seconds = Math.floor(spanMs / SECOND_MS);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
