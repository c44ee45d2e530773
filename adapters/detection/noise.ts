/** Standard deviation of the noise of one channel, from the median of its magnitude: spikes hardly move a median. */
export interface NoiseEstimate {
  /** 0 before the first stretch is over. */
  readonly sigma: number;
  /** Of so many samples one is to be pushed. */
  readonly every: number;
  /** True when `sigma` changed. */
  push(sample: number): boolean;
}

/** Of each stretch so many samples are looked at. */
const LOOKED_AT = 1_024;
/** median(|x|) of a standard normal. */
const MEDIAN_OF_NORMAL = 0.6745;
/** Part of a new stretch's estimate that is taken over: the noise of a rig changes within minutes, not seconds. */
const GAIN = 0.25;

/** `stretch` is in samples. */
export function noiseEstimate(stretch: number): NoiseEstimate {
  const every = Math.ceil(stretch / LOOKED_AT);
  const magnitudes = new Float32Array(Math.min(LOOKED_AT, stretch));
  let [sigma, taken] = [0, 0];
  return {
    every,
    get sigma() {
      return sigma;
    },
    push(sample) {
      magnitudes[taken++] = Math.abs(sample);
      if (taken < magnitudes.length) return false;
      taken = 0;
      magnitudes.sort();
      const measured = magnitudes[magnitudes.length >> 1]! / MEDIAN_OF_NORMAL;
      sigma = sigma === 0 ? measured : sigma + GAIN * (measured - sigma);
      return true;
    },
  };
}
