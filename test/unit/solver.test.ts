import { describe, expect, test } from "vitest";
import { ddim } from "../../src/decode/ddim.ts";
import { ipndm } from "../../src/decode/ipndm.ts";
import { seededNoise } from "../../src/decode/noise.ts";
import { cosineSchedule, discreteSchedule, evenSteps, sigmoidAlphaBars } from "../../src/decode/schedule.ts";
import type { Denoise } from "../../src/decode/solver.ts";

const even = (k: number) => Array.from({ length: k + 1 }, (_, i) => 1 - i / k);
const rms = (a: Float32Array, b: Float32Array) =>
  Math.sqrt(a.reduce((sum, v, i) => sum + (v - b[i]!) ** 2, 0) / a.length);

/** Exact v-prediction for data ~ N(mean, std^2): E[x0 | x_t] in closed form. */
function gaussian(mean: number, std: number): Denoise {
  return async (x, t) => {
    const [alpha, sigma] = [Math.cos((Math.PI * t) / 2), Math.sin((Math.PI * t) / 2)];
    const variance = alpha ** 2 * std ** 2 + sigma ** 2;
    return x.map((value) => {
      const x0 = mean + ((alpha * std ** 2) / variance) * (value - alpha * mean);
      return sigma === 0 ? 0 : (alpha * value - x0) / sigma;
    });
  };
}

describe.each([
  ["ddim", ddim],
  ["ipndm", ipndm],
])("%s", (_, solver) => {
  const noise = seededNoise(3, 512);

  test("one step from pure noise is the posterior mean", async () => {
    const image = await solver(gaussian(0.25, 0.1), noise, cosineSchedule(even(1), "v"));
    for (const value of image) expect(value).toBeCloseTo(0.25, 6);
  });

  test("many steps transport noise to the data: x0 = mean + std z", async () => {
    const image = await solver(gaussian(0.1, 0.2), noise, cosineSchedule(even(200), "v"), { clip: 10 });
    expect(
      rms(
        image,
        noise.map((z) => 0.1 + 0.2 * z),
      ),
    ).toBeLessThan(0.01);
  });

  test("is deterministic, to the bit, and leaves its input alone", async () => {
    const before = Float32Array.from(noise);
    const schedule = cosineSchedule(even(4), "v");
    const a = await solver(gaussian(0, 0.3), noise, schedule);
    const b = await solver(gaussian(0, 0.3), noise, schedule);
    expect(a).toEqual(b);
    expect(noise).toEqual(before);
  });
});

test("iPNDM is nearer to the exact transport than DDIM at 6 steps", async () => {
  const noise = seededNoise(4, 512);
  const exact = noise.map((z) => 0.1 + 0.2 * z);
  const schedule = cosineSchedule(even(6), "v");
  const options = { clip: 10 };
  const first = rms(await ddim(gaussian(0.1, 0.2), noise, schedule, options), exact);
  const multistep = rms(await ipndm(gaussian(0.1, 0.2), noise, schedule, options), exact);
  expect(multistep).toBeLessThan(first);
});

test("DDIM at eta 1 keeps the variance of the data", async () => {
  let seed = 10;
  const options = { eta: 1, noise: (n: number) => seededNoise(seed++, n), clip: 10 };
  const image = await ddim(gaussian(0, 0.5), seededNoise(9, 4096), cosineSchedule(even(100), "v"), options);
  expect(rms(image, new Float32Array(4096))).toBeCloseTo(0.5, 1);
});

test("eps and v predictions give the same sample", async () => {
  const bars = sigmoidAlphaBars(150);
  const steps = evenSteps(150, 5);
  const asEps = discreteSchedule(bars, steps, "eps");
  const asV = discreteSchedule(bars, steps, "v");
  const noise = seededNoise(5, 64);
  const at = (step: number) => [Math.sqrt(bars[step]!), Math.sqrt(1 - bars[step]!)] as const;
  const eps: Denoise = async (x, t) => x.map((value) => (value - at(t)[0] * 0.3) / at(t)[1]);
  const v: Denoise = async (x, t) => x.map((value) => (at(t)[0] * value - 0.3) / at(t)[1]);
  expect(rms(await ddim(eps, noise, asEps), await ddim(v, noise, asV))).toBeLessThan(1e-5);
});

test("schedules preserve variance and fall from noise to data", () => {
  const schedule = discreteSchedule(sigmoidAlphaBars(150), evenSteps(150, 10), "eps");
  schedule.alphas.forEach((alpha, i) => {
    expect(alpha ** 2 + schedule.sigmas[i]! ** 2).toBeCloseTo(1, 9);
    if (i > 0) expect(alpha).toBeGreaterThan(schedule.alphas[i - 1]!);
  });
  expect(evenSteps(150, 3)).toEqual([149, 99, 50]);
});

test("seeded noise is standard normal and the same for the same seed", () => {
  const noise = seededNoise(1, 20_001);
  expect(seededNoise(1, 20_001)).toEqual(noise);
  expect(seededNoise(2, 20_001)).not.toEqual(noise);
  const mean = noise.reduce((a, b) => a + b, 0) / noise.length;
  expect(mean).toBeCloseTo(0, 1);
  expect(rms(noise, new Float32Array(noise.length))).toBeCloseTo(1, 1);
});

test("refuses eta without a noise source or outside 0 to 1", async () => {
  const schedule = cosineSchedule(even(2), "v");
  await expect(ddim(gaussian(0, 1), seededNoise(1, 4), schedule, { eta: 0.5 })).rejects.toThrow(
    "[PARAMETER_INVALID] eta",
  );
  await expect(ddim(gaussian(0, 1), seededNoise(1, 4), schedule, { eta: -1 })).rejects.toThrow("got -1");
});
