import type { Population, Presentation } from "./session-schema.ts";

type Shape = Pick<Population, "riseMs" | "transient" | "transientDecayMs" | "offDecayMs">;

/** h(x) of docs/bundle.md: how much of the driven rate is there, x ms after a unit's response began. */
export function timeCourse(shape: Shape, onMs: number, x: number): number {
  if (x < 0) return 0;
  const shown = Math.min(x, onMs);
  const rising = 1 - Math.exp(-shown / shape.riseMs);
  const h = rising * (1 + shape.transient * Math.exp(-shown / shape.transientDecayMs));
  return x < onMs ? h : h * Math.exp(-(x - onMs) / shape.offDecayMs);
}

/** What `rateHz` needs to know of one unit: rates in Hz, times in ms. */
export interface UnitResponse {
  readonly baselineHz: number;
  readonly latencyMs: number;
  /** Driven rate by the current stimulus and by the one before it; may be negative. */
  readonly currentHz: number;
  readonly previousHz: number;
}

/** Rate in Hz at gain 1, `tauMs` after the onset of the current stimulus. */
export function rateHz(shape: Shape, { onMs, offMs }: Presentation, unit: UnitResponse, tauMs: number): number {
  const x = tauMs - unit.latencyMs;
  const current = unit.currentHz * timeCourse(shape, onMs, x);
  const previous = unit.previousHz * timeCourse(shape, onMs, x + onMs + offMs);
  return Math.max(0, unit.baselineHz + current + previous);
}

/** h at the middle of every millisecond after an onset, for every unit: shape [units, 2 (onMs + offMs)]. */
export function timeCourseTable(population: Population, { onMs, offMs }: Presentation): Float32Array {
  const length = 2 * (onMs + offMs);
  const table = new Float32Array(population.latencyMs.length * length);
  population.latencyMs.forEach((latencyMs, unit) => {
    for (let ms = 0; ms < length; ms++) {
      table[unit * length + ms] = timeCourse(population, onMs, ms + 0.5 - latencyMs);
    }
  });
  return table;
}
