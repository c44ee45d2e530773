/** Two poles of a causal filter; keeps its state from call to call. */
export interface Biquad {
  /** Filters in place. */
  run(samples: Float64Array): void;
  reset(): void;
}

type Pass = "low" | "high";

/** Second-order Butterworth by the bilinear transform (Bristow-Johnson, Audio EQ Cookbook, Q = 1 / sqrt 2), transposed form II. */
export function butterworth(pass: Pass, cutoffHz: number, sampleRateHz: number): Biquad {
  // At 0.45 of the rate and above there is nothing left to cut, and the transform breaks down.
  const omega = 2 * Math.PI * Math.min(cutoffHz / sampleRateHz, 0.45);
  const [cos, alpha] = [Math.cos(omega), Math.sin(omega) / Math.SQRT2];
  const edge = pass === "low" ? 1 - cos : 1 + cos;
  const a0 = 1 + alpha;
  const b0 = edge / 2 / a0;
  const b1 = (pass === "low" ? edge : -edge) / a0;
  const a1 = (-2 * cos) / a0;
  const a2 = (1 - alpha) / a0;
  let [z1, z2] = [0, 0];
  return {
    run(samples) {
      // Locals: a closure's variables are read from memory for every sample.
      let [first, second] = [z1, z2];
      for (let i = 0; i < samples.length; i++) {
        const sample = samples[i]!;
        const out = b0 * sample + first;
        first = b1 * sample - a1 * out + second;
        second = b0 * sample - a2 * out;
        samples[i] = out;
      }
      z1 = first;
      z2 = second;
    },
    reset() {
      z1 = 0;
      z2 = 0;
    },
  };
}
