import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LinearAdaptation } from "../../src/decode/adaptation.ts";
import { Lessons } from "../../src/decode/lessons.ts";
import { type LinearModel, LinearRunner } from "../../src/decode/linear.ts";
import { seededNoise } from "../../src/decode/noise.ts";
import { Projection } from "../../src/decode/projection.ts";
import type { Bin } from "../../src/signal/types.ts";
import { solveSymmetric } from "./solve.ts";

const UNITS = 6;
const BINS = 2;
const D = 3;
const shape = { units: UNITS, bins: BINS, latents: D };

const model: LinearModel = {
  encode: { weights: seededNoise(1, D * BINS * UNITS, 0.3), bias: seededNoise(2, D, 0.1) },
  logvar: new Float32Array(D),
  picture: { weights: seededNoise(3, 12 * D, 1), bias: new Float32Array(12) },
  expected: { weights: seededNoise(4, UNITS * D, 1), bias: new Float32Array(UNITS) },
  readouts: [],
};
const runner = new LinearRunner(model);
const windowOf = (seed: number) => seededNoise(seed, BINS * UNITS, 1);
const open = (forgetting = 0.99) => new LinearAdaptation(runner, shape, { forgetting, penalty: 1 });
const teach = (adaptation: LinearAdaptation, seed: number, target: Float32Array) => {
  const taken = adaptation.teach(windowOf(seed), target);
  while (adaptation.work());
  return taken;
};

describe("adaptation of a linear decoder", () => {
  test("before it has learned anything the answers are the bundle's, bit for bit", () => {
    const adaptation = open();
    adaptation.switch(true);
    for (let seed = 10; seed < 20; seed++)
      expect(runner.encode(windowOf(seed), adaptation)).toEqual(runner.encode(windowOf(seed)));
  });

  test("it learns a change that is linear in the mean counts; all outputs follow the latents", () => {
    const adaptation = open();
    adaptation.switch(true);
    const truth = (seed: number) => {
      const [values, mu] = [windowOf(seed), runner.latents(windowOf(seed))];
      const mean = (unit: number) => (values[unit]! + values[UNITS + unit]!) / 2;
      return mu.map((value, d) => value + 0.5 * mean(d) - 0.25 * mean(5) + 0.1);
    };
    for (let seed = 100; seed < 600; seed++) expect(teach(adaptation, seed, truth(seed))).toBe(true);
    expect(adaptation.updates).toBe(500);
    const { mu, expected: explained } = runner.encode(windowOf(7), adaptation);
    for (const [d, value] of truth(7).entries()) expect(mu[d]).toBeCloseTo(value, 1);
    expect(explained).not.toEqual(runner.encode(windowOf(7)).expected);
  });

  test("what the latents explain follows the units; both corrections change together", () => {
    const adaptation = open();
    adaptation.switch(true);
    // The units have changed places: the mean of each is what another one had.
    const observed = (seed: number) => runner.expected(runner.latents(windowOf(seed))).toReversed();
    const repeated = (mean: Float32Array) => Float32Array.from({ length: BINS * UNITS }, (_, i) => mean[i % UNITS]!);
    const lesson = (seed: number) => ({ values: repeated(observed(seed)), target: runner.latents(windowOf(seed)) });
    const error = () => {
      const { values } = lesson(7);
      const { expected: explained } = runner.encode(values, adaptation);
      return explained.reduce((sum, value, i) => sum + (value - values[i]!) ** 2, 0);
    };
    const before = error();
    for (let seed = 100; seed < 900; seed++) {
      const { values, target } = lesson(seed);
      adaptation.teach(values, target);
      for (let answer = runner.encode(values, adaptation), updates = adaptation.updates; adaptation.work(); )
        if (updates === adaptation.updates) expect(runner.encode(values, adaptation)).toEqual(answer);
    }
    expect(error()).toBeLessThan(0.05 * before);
  });

  test("off it takes no lesson and keeps what it knows; what is at work is finished first; reset goes back", () => {
    const adaptation = open();
    expect(adaptation.teach(windowOf(1), new Float32Array(D))).toBe(false);
    adaptation.switch(true);
    expect(adaptation.teach(windowOf(1), Float32Array.of(1, 2, 3))).toBe(true);
    adaptation.switch(false);
    expect([adaptation.updates, adaptation.work()]).toEqual([1, false]);
    const frozen = runner.encode(windowOf(1), adaptation).mu;
    expect(teach(adaptation, 2, Float32Array.of(5, 5, 5))).toBe(false);
    expect(runner.encode(windowOf(1), adaptation).mu).toEqual(frozen);
    adaptation.reset();
    expect(adaptation.updates).toBe(0);
    expect(runner.encode(windowOf(1), adaptation)).toEqual(runner.encode(windowOf(1)));
  });

  test("a lesson that comes while one is at work is left out and counted; the same lessons give the same bits", () => {
    const [one, other] = [open(), open()];
    for (const each of [one, other]) each.switch(true);
    expect(one.teach(windowOf(1), new Float32Array(D).fill(1))).toBe(true);
    expect(one.teach(windowOf(2), new Float32Array(D).fill(9))).toBe(false);
    expect(one.skipped).toBe(1);
    while (one.work());
    teach(other, 1, new Float32Array(D).fill(1));
    expect(runner.encode(windowOf(3), one)).toEqual(runner.encode(windowOf(3), other));
  });
});

describe("which windows are lessons", () => {
  const options = { fromMs: 100, untilMs: 50, blankFromMs: 250 };
  const bins = (startMs: number, silent: Uint8Array | null = null) => ({
    first: { startS: startMs / 1000 } as Bin,
    last: { endS: (startMs + 100) / 1000 } as Bin,
    silent,
  });
  const at = (timeMs: number, text: string) => ({ event: "text" as const, text, time: timeMs / 1000 });
  const lessons = () => {
    const made = new Lessons(options);
    for (const event of [at(1000, "stimulus a"), at(1900, "stimulus blank"), at(2300, "stimulus b")]) made.event(event);
    return made;
  };

  test.each([
    [1099, null],
    [1100, "a"],
    [1500, "a"],
    [1850, "a"],
    [1851, null],
    [2149, null],
    [2150, "blank"],
    [2250, "blank"],
    [2251, null],
    [2400, "b"],
    [900, null],
  ])("a window from %i ms on: %s", (startMs, wanted) => {
    expect(lessons().of(bins(startMs))).toBe(wanted);
  });

  test("other events do not count; a restart of the clock forgets; silent units teach nothing", () => {
    const made = lessons();
    made.event(at(2350, "reward"));
    made.event({ ...at(2350, "stimulus x"), event: "ttl" });
    expect(made.of(bins(2400))).toBe("b");
    expect(made.of(bins(2400, new Uint8Array(2)))).toBeNull();
    made.restart();
    expect(made.of(bins(2400))).toBeNull();
  });
});

test("the projection is the solution of its normal equations, and gives latents back", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), fc.double({ min: 0.01, max: 10, noNaN: true }), (seed, residue) => {
      const pixels = 30;
      const P = { weights: seededNoise(seed, pixels * D, 1), bias: seededNoise(seed + 1, pixels, 1) };
      const picture = seededNoise(seed + 2, pixels, 1);
      const column = (d: number) => Array.from({ length: pixels }, (_, i) => P.weights[i * D + d]!);
      const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
        Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);
      const gram = [0, 1, 2].map((i) => [0, 1, 2].map((k) => dot(column(i), column(k)) + (i === k ? residue : 0)));
      const rest = picture.map((value, i) => value - P.bias[i]!);
      const wanted = solveSymmetric(
        gram,
        [0, 1, 2].map((d) => dot(column(d), rest)),
      );
      const project = new Projection(P, residue);
      for (const [d, value] of project.of(picture).entries()) expect(value).toBeCloseTo(wanted[d]!, 4);
      const z = seededNoise(seed + 3, D, 1);
      const drawn = P.bias.map(
        (value, i) => value + [0, 1, 2].reduce((sum, d) => sum + P.weights[i * D + d]! * z[d]!, 0),
      );
      for (const [d, value] of new Projection(P, 1e-6).of(drawn).entries()) expect(value).toBeCloseTo(z[d]!, 3);
    }),
    { numRuns: 30 },
  );
});
