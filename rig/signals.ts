import { createRandom } from "./random.ts";
import { SAMPLE_RATE_HZ } from "./source.ts";

const WAVEFORM_SAMPLES = 40;
/** The peak's place: 8 samples before it, 32 from it on, the plugin's defaults. */
const PEAK = 8;
const NOISE_SAMPLES = 32_768;
const NOISE_UV = 8;

/** An extracellular spike of 40 samples at 30 kHz: a trough of `peakUv` (negative), then a slow positive hump. */
export function spikeWaveform(peakUv: number): Float32Array {
  return Float32Array.from({ length: WAVEFORM_SAMPLES }, (_, sample) => {
    const trough = Math.exp(-(((sample - PEAK) / 2.5) ** 2));
    const hump = 0.35 * Math.exp(-(((sample - PEAK - 11) / 6) ** 2));
    return peakUv * (trough - hump);
  });
}

/** One waveform per unit, between -60 and -160 uV. */
export function unitWaveforms(units: number, seed: number): Float32Array[] {
  const random = createRandom(seed, 10);
  return Array.from({ length: units }, () => spikeWaveform(-60 - 100 * random.uniform()));
}

/** Continuous data of one electrode: an LFP of 7 and 22 Hz under white noise, uV. Each call gives fresh samples. */
export type Channel = (firstSample: number, count: number) => Float32Array;

/** The noise is one stretch of a second that repeats, read from another place for each channel. */
export function createChannels(count: number, seed: number): Channel[] {
  const random = createRandom(seed, 11);
  const noise = Float32Array.from({ length: count > 0 ? NOISE_SAMPLES : 0 }, () => NOISE_UV * random.normal());
  return Array.from({ length: count }, () => {
    const shift = random.below(NOISE_SAMPLES);
    const phase = 2 * Math.PI * random.uniform();
    return (first, length) => {
      const samples = new Float32Array(length);
      for (let i = 0; i < length; i++) {
        const angle = (2 * Math.PI * (first + i)) / SAMPLE_RATE_HZ;
        const lfp = 60 * Math.sin(7 * angle + phase) + 20 * Math.sin(22 * angle + 2 * phase);
        samples[i] = lfp + (noise[(first + i + shift) % NOISE_SAMPLES] ?? 0);
      }
      return samples;
    };
  });
}
