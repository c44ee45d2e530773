import { butterworth } from "./biquad.ts";
import { noiseEstimate } from "./noise.ts";
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

/** Band-pass, running noise, crossing, trough, refractory period. Everything is causal, and its state spans blocks. */
export function thresholdDetector(options: DetectOptions, sampleRateHz: number): ThresholdDetector {
  const high = butterworth("high", options.lowHz, sampleRateHz);
  const low = butterworth("low", options.highHz, sampleRateHz);
  const noise = noiseEstimate(Math.ceil(options.settleS * sampleRateHz));
  const troughSamples = Math.max(1, Math.round((TROUGH_MS / 1000) * sampleRateHz));
  const refractorySamples = Math.round((options.refractoryMs / 1000) * sampleRateHz);
  const reboundSamples = Math.round((REBOUND_MS / 1000) * sampleRateHz);
  const ringingSamples = Math.ceil((RINGING_PERIODS * sampleRateHz) / options.lowHz);
  let nextSample = Number.NaN;
  let armedFrom = 0;
  let countdown = noise.every;
  let noiseLimit = Number.NEGATIVE_INFINITY;
  let trough = { sample: Number.NEGATIVE_INFINITY, value: 0, until: -1 };
  let filtered = new Float64Array();

  const startOver = (firstSample: number) => {
    high.reset();
    low.reset();
    armedFrom = firstSample + ringingSamples;
    trough = { sample: Number.NEGATIVE_INFINITY, value: 0, until: -1 };
  };
  const bandPass = (samples: Float32Array) => {
    if (filtered.length !== samples.length) filtered = new Float64Array(samples.length);
    for (let i = 0; i < samples.length; i++) filtered[i] = Number.isFinite(samples[i]) ? samples[i]! : 0;
    high.run(filtered);
    low.run(filtered);
  };
  const learnNoise = (value: number) => {
    countdown = noise.every;
    if (noise.push(value)) noiseLimit = options.threshold * noise.sigma;
  };
  /** Below the limit: the start of a spike, unless it is too early for one or the swing after a larger one. */
  const cross = (sample: number, value: number) => {
    if (sample < armedFrom) return;
    if (sample < trough.sample + reboundSamples && value > REBOUND_PART * trough.value) return;
    trough = { sample, value, until: sample + troughSamples };
  };
  const deepen = (sample: number, value: number, found: (sampleNum: number) => void) => {
    if (value < trough.value) {
      trough.sample = sample;
      trough.value = value;
    }
    if (sample < trough.until) return;
    found(trough.sample);
    armedFrom = Math.max(sample + 1, trough.sample + refractorySamples);
    trough.until = -1;
  };
  return {
    push(firstSample, samples, found) {
      if (firstSample !== nextSample) startOver(firstSample);
      nextSample = firstSample + samples.length;
      bandPass(samples);
      for (let i = 0; i < filtered.length; i++) {
        const value = filtered[i]!;
        if (--countdown === 0) learnNoise(value);
        if (trough.until >= 0) deepen(firstSample + i, value, found);
        else if (value < noiseLimit) cross(firstSample + i, value);
      }
    },
  };
}
