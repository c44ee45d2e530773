import { type Biquad, butterworth } from "./biquad.ts";
import { type NoiseEstimate, noiseEstimate } from "./noise.ts";
import type { DetectOptions } from "./options.ts";

/** Finds spikes in the samples of one channel. */
export interface ThresholdDetector {
  /** The next samples, the first of which is number `firstSample`. Calls `found` with the sample number of each trough. */
  push(firstSample: number, samples: Float32Array, found: (sampleNum: number) => void): void;
}

/** The trough is looked for this long after the crossing, ms: that much later a spike is known. */
const TROUGH_MS = 0.5;
/** The filter swings back after a spike, by a tenth of it: for this long a trough must have this part of the last one, ms. */
const REBOUND_MS = 2;
const REBOUND_PART = 0.2;
/** After a gap the filter rings: nothing is found for this many periods of its lower edge. */
const RINGING_PERIODS = 3;

/** Never changed: `until` is negative. */
const NO_TROUGH = { sample: Number.NEGATIVE_INFINITY, value: 0, until: -1 };

/** Band-pass, running noise, crossing, trough, refractory period. Everything is causal, and its state spans blocks. */
export function thresholdDetector(options: DetectOptions, sampleRateHz: number): ThresholdDetector {
  return new Detector(options, sampleRateHz);
}

class Detector implements ThresholdDetector {
  readonly #threshold: number;
  readonly #high: Biquad;
  readonly #low: Biquad;
  readonly #noise: NoiseEstimate;
  /** Lengths in samples. */
  readonly #length: {
    readonly trough: number;
    readonly refractory: number;
    readonly rebound: number;
    readonly ringing: number;
  };
  #filtered = new Float64Array();
  #nextSample = Number.NaN;
  #armedFrom = 0;
  #countdown: number;
  #limit = Number.NEGATIVE_INFINITY;
  #trough = NO_TROUGH;

  constructor(options: DetectOptions, sampleRateHz: number) {
    const samples = (ms: number) => Math.max(1, Math.round((ms / 1000) * sampleRateHz));
    this.#threshold = options.threshold;
    this.#high = butterworth("high", options.lowHz, sampleRateHz);
    this.#low = butterworth("low", options.highHz, sampleRateHz);
    this.#noise = noiseEstimate(Math.ceil(options.settleS * sampleRateHz));
    this.#countdown = this.#noise.every;
    this.#length = {
      trough: samples(TROUGH_MS),
      refractory: samples(options.refractoryMs),
      rebound: samples(REBOUND_MS),
      ringing: Math.ceil((RINGING_PERIODS * sampleRateHz) / options.lowHz),
    };
  }

  push(firstSample: number, samples: Float32Array, found: (sampleNum: number) => void): void {
    if (firstSample !== this.#nextSample) this.#startOver(firstSample);
    this.#nextSample = firstSample + samples.length;
    const filtered = this.#bandPass(samples);
    for (let i = 0; i < filtered.length; i++) {
      const value = filtered[i]!;
      if (--this.#countdown === 0) this.#learnNoise(value);
      if (this.#trough.until >= 0) this.#deepen(firstSample + i, value, found);
      else if (value < this.#limit) this.#cross(firstSample + i, value);
    }
  }

  #startOver(firstSample: number): void {
    this.#high.reset();
    this.#low.reset();
    this.#armedFrom = firstSample + this.#length.ringing;
    this.#trough = NO_TROUGH;
  }

  #bandPass(samples: Float32Array): Float64Array {
    if (this.#filtered.length !== samples.length) this.#filtered = new Float64Array(samples.length);
    const filtered = this.#filtered;
    for (let i = 0; i < samples.length; i++) filtered[i] = Number.isFinite(samples[i]) ? samples[i]! : 0;
    this.#high.run(filtered);
    this.#low.run(filtered);
    return filtered;
  }

  #learnNoise(value: number): void {
    this.#countdown = this.#noise.every;
    if (this.#noise.push(value)) this.#limit = this.#threshold * this.#noise.sigma;
  }

  /** Below the limit: the start of a spike, unless it is too early for one or the swing after a larger one. */
  #cross(sample: number, value: number): void {
    if (sample < this.#armedFrom) return;
    const last = this.#trough;
    if (sample < last.sample + this.#length.rebound && value > REBOUND_PART * last.value) return;
    this.#trough = { sample, value, until: sample + this.#length.trough };
  }

  #deepen(sample: number, value: number, found: (sampleNum: number) => void): void {
    const trough = this.#trough;
    if (value < trough.value) {
      trough.sample = sample;
      trough.value = value;
    }
    if (sample < trough.until) return;
    found(trough.sample);
    this.#armedFrom = Math.max(sample + 1, trough.sample + this.#length.refractory);
    trough.until = -1;
  }
}
