import { adaptedHz, timeCourse, unitShape } from "./rates.ts";
import type { Population } from "./session-schema.ts";

/** A presentation that ended longer ago than so many time constants drives nobody any more: less than a millionth is left. */
const DECAYED = 14;
/** So many time constants after its onset a response is sustained. */
const SETTLED = 14;

interface Shown {
  readonly onsetMs: number;
  /** Adapted driven rate of every unit, Hz. */
  readonly drivenHz: Float64Array;
  endMs: number;
  /** The part of the driven rate that was there when it ended, for every unit. */
  readonly atEnd: Float64Array;
}

/**
 * Rates at gain 1 of cells that see pictures of any length: the formula of docs/bundle.md with each picture's own duration in place of
 * `onMs`, summed over all pictures whose responses have not decayed. Times are whole ms, and never go back.
 */
export class LiveResponses {
  readonly #population: Population;
  readonly #units: number;
  readonly #shapes;
  /** h of an endless picture at the middle of every millisecond after its onset: shape [units, settledMs]. */
  readonly #rising: Float64Array;
  readonly #settledMs: number;
  readonly #longestMs: number;
  /** exp(latency / offDecay): what a unit's latency does to the decay. */
  readonly #delay: Float64Array;
  #unadapted: Float32Array;
  #shown: Shown[] = [];

  constructor(population: Population) {
    const { latencyMs, riseMs, transientDecayMs, offDecayMs } = population;
    this.#population = population;
    this.#units = latencyMs.length;
    this.#shapes = latencyMs.map((_, unit) => unitShape(population, unit));
    const longestLatency = Math.max(...latencyMs);
    this.#settledMs = Math.ceil(longestLatency + SETTLED * Math.max(transientDecayMs, ...riseMs)) + 1;
    this.#longestMs = longestLatency + DECAYED * offDecayMs;
    this.#rising = new Float64Array(this.#units * this.#settledMs);
    for (const [unit, shape] of this.#shapes.entries())
      for (let ms = 0; ms < this.#settledMs; ms++) {
        const x = ms + 0.5 - (latencyMs[unit] ?? 0);
        this.#rising[unit * this.#settledMs + ms] = timeCourse(shape, Number.POSITIVE_INFINITY, x);
      }
    this.#delay = Float64Array.from(latencyMs, (latency) => Math.exp(latency / offDecayMs));
    this.#unadapted = new Float32Array(this.#units);
  }

  /** A picture that would drive the units with `drivenHz` comes on at `ms`, in place of what was there. */
  show(ms: number, drivenHz: Float32Array): void {
    this.blank(ms);
    const adapted = Float64Array.from(drivenHz, (hz, unit) =>
      adaptedHz(this.#population, unit, hz, this.#unadapted[unit] ?? 0),
    );
    this.#unadapted = drivenHz;
    const endMs = Number.POSITIVE_INFINITY;
    this.#shown.push({ onsetMs: ms, drivenHz: adapted, endMs, atEnd: new Float64Array(this.#units) });
  }

  /** What was on goes at `ms`; nothing when nothing was. */
  blank(ms: number): void {
    this.#shown = this.#shown.filter(({ endMs }) => ms - endMs < this.#longestMs);
    const last = this.#shown.at(-1);
    if (last === undefined || last.endMs <= ms) return;
    last.endMs = ms;
    const onMs = ms - last.onsetMs;
    for (const [unit, shape] of this.#shapes.entries()) last.atEnd[unit] = timeCourse(shape, onMs, onMs);
  }

  /** Rates of the millisecond `ms`, for every unit; good until the next call. */
  rates(ms: number): (unit: number) => number {
    const { baselineHz, latencyMs, offDecayMs } = this.#population;
    const fading = this.#shown.map(({ endMs }) => Math.exp(-(ms + 0.5 - endMs) / offDecayMs));
    return (unit) => {
      let hz = baselineHz[unit] ?? 0;
      for (const [i, shown] of this.#shown.entries()) {
        const ended = ms + 0.5 - (latencyMs[unit] ?? 0) >= shown.endMs;
        const h = ended
          ? (shown.atEnd[unit] ?? 0) * (fading[i] ?? 0) * (this.#delay[unit] ?? 0)
          : (this.#rising[unit * this.#settledMs + Math.min(ms - shown.onsetMs, this.#settledMs - 1)] ?? 0);
        hz += (shown.drivenHz[unit] ?? 0) * h;
      }
      return Math.max(0, hz);
    };
  }
}
