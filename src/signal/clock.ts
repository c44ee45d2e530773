import { expected, PhospheneError } from "../errors.ts";
import { type OffsetSample, OffsetSamples } from "./clock-samples.ts";

export interface ClockMapOptions {
  /** Observations of this long make one sample: their smallest delay, ms. */
  readonly sampleMs?: number;
  /** An error smaller than this is left alone, ms. */
  readonly deadbandMs?: number;
  /** Part of the error that one sample corrects. */
  readonly gain?: number;
  /** Most that mapped time may run fast or slow while an error is corrected; below 1, so that it never runs backwards. */
  readonly maxSlew?: number;
  /** A sample further off than this is a jump, and changes nothing before it persists, ms. */
  readonly stepMs?: number;
  /** Samples in a row that make a jump believed. */
  readonly stepSamples?: number;
}

/** Samples of the window: 4 s of a source that sends all the time. */
const WINDOW_SAMPLES = 16;
const OLDEST_SAMPLE_MS = 60_000;
/** Samples in a row that make a jump towards later believed: messages that are held up look the same for a while. */
const LATE_SAMPLES = WINDOW_SAMPLES;
/** One-way observations count again when no probe came for this long. */
const PROBE_VALID_MS = 30_000;
/** What is said of a clock of which next to nothing is known, ms. */
const FRESH_UNCERTAINTY_MS = 500;

/**
 * Maps a source's clock (s) to local monotonic time (ms): local = source * 1000 + offset. A message can be late, never early, so the
 * smallest `received - source` is the offset, save for the fixed part of the delay, which cannot be seen from one side; a source that can
 * be asked gives it by `probe`. Errors are slewed, jumps are believed only when they persist, and mapped time never runs backwards.
 * docs/open-ephys.md explains the model.
 */
export class ClockMap {
  readonly #options: Required<ClockMapOptions>;
  readonly #samples = new OffsetSamples(WINDOW_SAMPLES, OLDEST_SAMPLE_MS);
  #offsetMs = Number.NaN;
  /** Correction that is decided and not yet slewed. */
  #owedMs = 0;
  #newestS = Number.NEGATIVE_INFINITY;
  #nowMs = Number.NEGATIVE_INFINITY;
  #probedMs = Number.NEGATIVE_INFINITY;
  #current: { startMs: number; offsetMs: number; count: number; sumMs: number } | undefined;
  #jumps: OffsetSample[] = [];
  /** After a step back: source times from `fromS` on map to nothing before `ms`. */
  #hold = { fromS: Number.POSITIVE_INFINITY, ms: Number.NEGATIVE_INFINITY };

  constructor(options: ClockMapOptions = {}) {
    const defaults = { sampleMs: 250, deadbandMs: 1, gain: 0.2, maxSlew: 0.02, stepMs: 50, stepSamples: 3 };
    this.#options = { ...defaults, ...options };
    for (const [key, value] of Object.entries(this.#options))
      if (!(value > 0)) throw new PhospheneError("PARAMETER_INVALID", expected(key, "more than 0", value));
    for (const key of ["gain", "maxSlew"] as const)
      if (!(this.#options[key] < 1))
        throw new PhospheneError("PARAMETER_INVALID", expected(key, "less than 1", this.#options[key]));
  }

  get ready(): boolean {
    return !Number.isNaN(this.#offsetMs);
  }

  /** Local ms = source s * 1000 + offset; NaN before the first observation. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** How far the offset may be off, without the fixed part of a one-way delay, ms. 0 before the first observation. */
  get uncertaintyMs(): number {
    if (!this.ready) return 0;
    const { offsetMs, uncertaintyMs } = this.#samples.estimate(this.#nowMs);
    const jumps = this.#jumps.map((jump) => Math.abs(jump.offsetMs - this.#offsetMs));
    const behindMs = Math.max(Number.isNaN(offsetMs) ? 0 : Math.abs(offsetMs - this.#offsetMs), ...jumps);
    const heldMs = Math.max(0, this.toLocalMs(this.#newestS) - this.#newestS * 1000 - this.#offsetMs);
    return behindMs + Math.min(uncertaintyMs, FRESH_UNCERTAINTY_MS) + heldMs;
  }

  /** A message whose newest sample was taken at `sourceS` arrived at `receivedMs`. */
  observe(sourceS: number, receivedMs: number): void {
    const offsetMs = receivedMs - sourceS * 1000;
    if (!Number.isFinite(offsetMs)) return;
    this.#nowMs = Math.max(this.#nowMs, receivedMs);
    if (!this.ready) this.#offsetMs = offsetMs;
    this.#slew(sourceS);
    if (this.#nowMs - this.#probedMs < PROBE_VALID_MS) return;
    const current = this.#current;
    if (current !== undefined && receivedMs - current.startMs >= this.#options.sampleMs) {
      this.#current = undefined;
      this.#take({ ...current, atMs: this.#nowMs, errorMs: 0 });
    }
    this.#current ??= { startMs: receivedMs, offsetMs, count: 0, sumMs: 0 };
    this.#current.offsetMs = Math.min(this.#current.offsetMs, offsetMs);
    this.#current.count++;
    this.#current.sumMs += offsetMs;
  }

  /** The source was asked for its time: the offset, and half the round trip as its error. Takes the place of one-way observations. */
  probe(offsetMs: number, errorMs: number, nowMs: number): void {
    if (!Number.isFinite(offsetMs) || !(errorMs >= 0)) return;
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    if (this.#nowMs - this.#probedMs >= PROBE_VALID_MS) this.#samples.replace([]);
    if (!this.ready) this.#offsetMs = offsetMs;
    this.#probedMs = this.#nowMs;
    this.#current = undefined;
    this.#take({ atMs: nowMs, offsetMs, count: 1, sumMs: offsetMs, errorMs: Math.max(errorMs, Number.MIN_VALUE) });
  }

  toLocalMs(sourceS: number): number {
    const ms = sourceS * 1000 + this.#offsetMs;
    return sourceS >= this.#hold.fromS ? Math.max(ms, this.#hold.ms) : ms;
  }

  toSourceS(localMs: number): number {
    return (localMs - this.#offsetMs) / 1000;
  }

  /** Forget everything: the source's clock has a new origin. */
  reset(): void {
    this.#offsetMs = Number.NaN;
    this.#owedMs = 0;
    this.#newestS = Number.NEGATIVE_INFINITY;
    this.#nowMs = Number.NEGATIVE_INFINITY;
    this.#probedMs = Number.NEGATIVE_INFINITY;
    this.#current = undefined;
    this.#jumps = [];
    this.#samples.replace([]);
    this.#hold = { fromS: Number.POSITIVE_INFINITY, ms: Number.NEGATIVE_INFINITY };
  }

  /** Pays what is owed out of the progress of the source's clock: the newest mapped time only ever grows. */
  #slew(sourceS: number): void {
    if (!(sourceS > this.#newestS)) return;
    const limitMs = (sourceS - this.#newestS) * 1000 * this.#options.maxSlew;
    const paidMs = Math.max(-limitMs, Math.min(limitMs, this.#owedMs));
    this.#offsetMs += paidMs;
    this.#owedMs -= paidMs;
    this.#newestS = sourceS;
  }

  #take(sample: OffsetSample): void {
    const { stepMs, deadbandMs, gain } = this.#options;
    if (Math.abs(sample.offsetMs - this.#offsetMs) > stepMs + sample.errorMs) {
      this.#suspect(sample);
      return;
    }
    this.#jumps = [];
    this.#samples.add(sample);
    const errorMs = this.#samples.estimate(sample.atMs).offsetMs - this.#offsetMs;
    this.#owedMs = Math.abs(errorMs) > deadbandMs ? gain * errorMs : 0;
  }

  /** Counts samples in a row that agree on a jump, and steps when there are enough. */
  #suspect(sample: OffsetSample): void {
    const { stepMs, stepSamples } = this.#options;
    const agrees = ({ offsetMs }: OffsetSample) => Math.abs(offsetMs - sample.offsetMs) <= stepMs;
    this.#jumps = this.#jumps.every(agrees) ? [...this.#jumps, sample] : [sample];
    const late = sample.errorMs === 0 && sample.offsetMs > this.#offsetMs;
    if (this.#jumps.length < (late ? Math.max(LATE_SAMPLES, stepSamples) : stepSamples)) return;
    const reachedMs = this.toLocalMs(this.#newestS);
    this.#samples.replace(this.#jumps);
    this.#jumps = [];
    this.#offsetMs = this.#samples.estimate(sample.atMs).offsetMs;
    this.#owedMs = 0;
    if (Number.isFinite(reachedMs)) this.#hold = { fromS: this.#newestS, ms: reachedMs };
  }
}
