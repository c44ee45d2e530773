import { expect, test } from "vitest";
import { type Clean, editTimes, guidedDdim, invert } from "../../src/decode/edit.ts";

/** The posterior mean of pictures whose pixels are normal with mean m and variance v: what a perfect denoiser of them says. */
const gaussian =
  (m: number, v: number): Clean =>
  async (x, t) => {
    const alpha = Math.cos((Math.PI * t) / 2);
    const sigma = Math.sin((Math.PI * t) / 2);
    const gain = (alpha * v) / (alpha ** 2 * v + sigma ** 2);
    return x.map((value) => m + gain * (value - alpha * m));
  };
const picture = Float32Array.from({ length: 12 }, (_, i) => 0.6 * Math.sin(i));
const apart = (a: Float32Array, b: Float32Array) => Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));

async function roundTrip(steps: number, refine: number): Promise<number> {
  const clean = gaussian(0.1, 0.2);
  const times = editTimes(steps, 0.9);
  const back = await guidedDdim(clean, await invert(clean, picture, times, refine), times, null);
  return apart(back, picture);
}

test("inversion and sampling return the picture, the better the more steps", async () => {
  const errors = await Promise.all([8, 32, 128].map((steps) => roundTrip(steps, 0)));
  expect(errors[1]).toBeLessThan(errors[0]! / 2);
  expect(errors[2]).toBeLessThan(errors[1]! / 2);
  expect(errors[2]).toBeLessThan(0.02);
});

test("a step taken again with the noise of where it led is the inverse of the step down", async () => {
  expect(await roundTrip(8, 12)).toBeLessThan(1e-3);
  expect(await roundTrip(8, 1)).toBeLessThan((await roundTrip(8, 0)) / 2);
});

test("inversion follows the flow of the Gaussian exactly in the limit: pixels keep their place in the distribution", async () => {
  const [m, v] = [0.1, 0.2];
  const state = await invert(gaussian(m, v), picture, editTimes(256, 0.9), 2);
  const [alpha, sigma] = [Math.cos(0.45 * Math.PI), Math.sin(0.45 * Math.PI)];
  const spread = Math.sqrt((alpha ** 2 * v + sigma ** 2) / v);
  const wanted = picture.map((value) => alpha * m + spread * (value - m));
  expect(apart(state, wanted)).toBeLessThan(0.02);
});

test("guidance moves the picture along the push, and further when it is stronger", async () => {
  const clean = gaussian(0, 0.2);
  const times = editTimes(16, 0.9);
  const state = await invert(clean, picture, times, 2);
  const mean = async (push: number) => {
    const out = await guidedDdim(clean, state, times, async (x0) => new Float32Array(x0.length).fill(push));
    return out.reduce((sum, value) => sum + value, 0) / out.length;
  };
  const [down, still, one, two] = [await mean(-0.02), await mean(0), await mean(0.02), await mean(0.04)];
  expect(down).toBeLessThan(still);
  expect(one).toBeGreaterThan(still);
  expect(two).toBeGreaterThan(one);
});

test("times fall evenly from the deepest to 0", () => {
  expect(editTimes(3, 0.9).map((t) => Math.round(t * 10) / 10)).toEqual([0.9, 0.6, 0.3, 0]);
});
