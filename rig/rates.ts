import type { Population, Presentation } from "./session-schema.ts";

/** Time course of one unit's response: times in ms, `transient` relative to the sustained response. */
export interface Shape {
  readonly riseMs: number;
  readonly transient: number;
  readonly transientDecayMs: number;
  readonly offDecayMs: number;
}

/** h(x) of docs/bundle.md: how much of the driven rate is there, x ms after a unit's response began. */
export function timeCourse(shape: Shape, onMs: number, x: number): number {
  if (x < 0) return 0;
  const shown = Math.min(x, onMs);
  const rising = 1 - Math.exp(-shown / shape.riseMs);
  const h = rising * (1 + shape.transient * Math.exp(-shown / shape.transientDecayMs));
  return x < onMs ? h : h * Math.exp(-(x - onMs) / shape.offDecayMs);
}

/** The shape of one unit. */
export function unitShape(population: Population, unit: number): Shape {
  const { transientDecayMs, offDecayMs } = population;
  return {
    riseMs: population.riseMs[unit] ?? 1,
    transient: population.transient[unit] ?? 0,
    transientDecayMs,
    offDecayMs,
  };
}

/** Driven rate of one unit by a stimulus that follows one which would have driven it with `beforeHz`. */
export function adaptedHz(population: Population, unit: number, drivenHz: number, beforeHz: number): number {
  const { adaptation, adaptationHz } = population;
  return drivenHz * (1 - (adaptation[unit] ?? 0) * Math.min(1, Math.max(0, beforeHz / adaptationHz)));
}

/** What `rateHz` needs to know of one unit: rates in Hz, times in ms. */
export interface UnitResponse {
  readonly baselineHz: number;
  readonly latencyMs: number;
  /** Driven rate by the current stimulus and by the one before it, each adapted; may be negative. */
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
    const shape = unitShape(population, unit);
    for (let ms = 0; ms < length; ms++) {
      table[unit * length + ms] = timeCourse(shape, onMs, ms + 0.5 - latencyMs);
    }
  });
  return table;
}
