import { UNKNOWN } from "../lib/format.ts";
import { SPAN_MS } from "./limits.ts";

const SECOND_MS = 1000;
/** Lengths of the axis and of its marks, ms: it grows in steps, so that what is on it does not move under the pointer. */
const AXES = [
  { lengthMs: 30 * SECOND_MS, tickMs: 10 * SECOND_MS },
  { lengthMs: 60 * SECOND_MS, tickMs: 15 * SECOND_MS },
  { lengthMs: 120 * SECOND_MS, tickMs: 30 * SECOND_MS },
  { lengthMs: SPAN_MS, tickMs: 60 * SECOND_MS },
] as const;

/** The stretch of time that the strip shows: page clock, ms. */
export interface Stretch {
  nowMs: number;
  lengthMs: number;
}

/** The shortest axis that shows all that is held. */
export function axisMs(heldMs: number): number {
  return AXES.find(({ lengthMs }) => heldMs <= lengthMs)?.lengthMs ?? SPAN_MS;
}

/** Where a moment lies on the axis: 0 its far end, 1 now. */
export function placeOf(atMs: number, nowMs: number, lengthMs: number): number {
  return 1 - (nowMs - atMs) / lengthMs;
}

export function momentOf(place: number, nowMs: number, lengthMs: number): number {
  return nowMs - (1 - place) * lengthMs;
}

/** Marks of the axis from now to its far end, both left out. */
export function ticks(lengthMs: number): { place: number; label: string }[] {
  const tickMs = AXES.find((axis) => axis.lengthMs === lengthMs)?.tickMs ?? lengthMs;
  return Array.from({ length: Math.ceil(lengthMs / tickMs) - 1 }, (_, i) => {
    const agoMs = (i + 1) * tickMs;
    return { place: placeOf(-agoMs, 0, lengthMs), label: `−${clock(agoMs)}` };
  });
}

/** "4:05": minutes and seconds. */
export function clock(spanMs: number): string {
  if (!Number.isFinite(spanMs)) return UNKNOWN;
  const seconds = Math.floor(spanMs / SECOND_MS);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
