import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Rls, type RlsOptions } from "../../src/decode/rls.ts";
import { solveSymmetric } from "./solve.ts";

interface Example {
  readonly x: number[];
  readonly y: number[];
}

const learn = (rls: Rls, { x, y }: Example) => {
  let slices = 1;
  for (const _ of rls.learn(x, y)) slices++;
  return slices;
};

const numbers = (length: number) =>
  fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: length, maxLength: length });
const problems = fc
  .record({ features: fc.integer({ min: 1, max: 6 }), outputs: fc.integer({ min: 1, max: 3 }) })
  .chain(({ features, outputs }) =>
    fc.record({
      features: fc.constant(features),
      outputs: fc.constant(outputs),
      penalty: fc.double({ min: 0.1, max: 100, noNaN: true }),
      examples: fc.array(fc.record({ x: numbers(features), y: numbers(outputs) }), { minLength: 1, maxLength: 40 }),
    }),
  );

/** The weights that minimise the weighted squared error plus penalties of each weight, from the normal equations. */
function batch({ features, outputs, forgetting, penalty }: RlsOptions, examples: readonly Example[]): number[] {
  const size = features + 1;
  const information = Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (_, k) => (i === k ? penalty : 0)),
  );
  const products = Array.from({ length: outputs }, () => new Array<number>(size).fill(0));
  examples.forEach(({ x, y }, n) => {
    const row = [...x, 1];
    const add = (i: number, k: number) => forgetting * information[i]![k]! + row[i]! * row[k]!;
    information.forEach((_, i) => {
      information[i] = information[i]!.map((_, k) => add(i, k));
    });
    products.forEach((sums, d) => {
      sums.forEach((sum, i) => {
        sums[i] = forgetting * sum + y[d]! * row[i]!;
      });
    });
    information[n % size]![n % size]! += penalty * (1 - forgetting ** size);
  });
  return products.flatMap((sums) => solveSymmetric(information, sums));
}

function expectClose(got: Iterable<number>, wanted: readonly number[], tolerance = 1e-6) {
  for (const [i, value] of [...got].entries())
    expect(Math.abs(value - wanted[i]!)).toBeLessThanOrEqual(tolerance * (1 + Math.abs(wanted[i]!)));
}

describe("recursive least squares", () => {
  test("forgetting 1 is ridge regression in closed form, after every example", () => {
    fc.assert(
      fc.property(problems, ({ examples, ...sizes }) => {
        const options = { ...sizes, forgetting: 1 };
        const rls = new Rls(options);
        examples.forEach((example, n) => {
          learn(rls, example);
          expectClose(rls.weights, batch(options, examples.slice(0, n + 1)));
        });
      }),
      { numRuns: 50 },
    );
  });

  test("with forgetting it is the weighted problem, whose penalty does not fade", () => {
    fc.assert(
      fc.property(problems, fc.double({ min: 0.7, max: 0.999, noNaN: true }), ({ examples, ...sizes }, forgetting) => {
        const options = { ...sizes, forgetting };
        const rls = new Rls(options);
        for (const example of examples) learn(rls, example);
        expectClose(rls.weights, batch(options, examples));
        const bound = 1 / (forgetting ** (sizes.features + 1) * sizes.penalty);
        expect(rls.uncertainty).toBeLessThanOrEqual(bound * (1 + 1e-9));
        expect(rls.restarts).toBe(0);
      }),
    );
  });

  test("100,000 examples in which a unit never fires wind nothing up, and its first spike throws nothing away", () => {
    const options = { features: 8, outputs: 2, forgetting: 0.98, penalty: 1 };
    const rls = new Rls(options);
    let state = 1;
    const random = () => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647 - 0.5;
    };
    for (let n = 0; n < 100_000; n++) {
      const x = Array.from({ length: 8 }, (_, i) => (i === 3 ? 0 : random()));
      learn(rls, { x, y: [x[0]! - x[1]!, x[2]!] });
    }
    expect(rls.uncertainty).toBeLessThanOrEqual(1 / 0.98 ** 9 + 1e-9);
    const before = rls.weights.slice();
    learn(rls, { x: [0, 0, 0, 1, 0, 0, 0, 0], y: [0, 0] });
    expectClose(rls.weights, [...before], 0.05);
    expect(rls.restarts).toBe(0);
  });

  test("it follows a world that changes; without forgetting it does not", () => {
    const errors = [0.95, 1].map((forgetting) => {
      const rls = new Rls({ features: 2, outputs: 1, forgetting, penalty: 0.1 });
      const example = (n: number, sign: number) => ({ x: [Math.sin(n), Math.cos(1.7 * n)], y: [sign * Math.sin(n)] });
      for (let n = 0; n < 400; n++) learn(rls, example(n, 1));
      for (let n = 0; n < 200; n++) learn(rls, example(n, -1));
      return Math.abs(rls.weights[0]! + 1);
    });
    expect(errors[0]).toBeLessThan(0.05);
    expect(errors[1]).toBeGreaterThan(0.5);
  });

  test("the weights change at once, in the last slice", () => {
    const features = 900;
    const rls = new Rls({ features, outputs: 2, forgetting: 0.99, penalty: 1 });
    const x = Array.from({ length: features }, (_, i) => Math.sin(i));
    const learning = rls.learn(x, [1, -1]);
    let slices = 0;
    while (learning.next().done !== true) {
      slices++;
      expect(rls.weights.every((weight) => weight === 0)).toBe(true);
      expect(rls.learned).toBe(0);
    }
    expect(slices).toBeGreaterThan(3);
    expect(rls.learned).toBe(1);
    const y = new Float64Array(2);
    rls.addTo(y, x);
    expect(y[0]).toBeGreaterThan(0.9);
    expect(y[1]).toBeCloseTo(-y[0]!, 12);
  });

  test("reset forgets everything", () => {
    const options = { features: 2, outputs: 1, forgetting: 0.9, penalty: 1 };
    const [rls, fresh] = [new Rls(options), new Rls(options)];
    for (let n = 0; n < 10; n++) learn(rls, { x: [n, 1], y: [n] });
    rls.reset();
    expect([...rls.weights, rls.learned, rls.uncertainty]).toEqual([0, 0, 0, 0, 1]);
    for (const each of [rls, fresh]) learn(each, { x: [1, 2], y: [3] });
    expect(rls.weights).toEqual(fresh.weights);
  });

  test("numbers that are none spoil nothing but are counted; P begins again", () => {
    const rls = new Rls({ features: 1, outputs: 1, forgetting: 0.9, penalty: 1 });
    learn(rls, { x: [1], y: [1] });
    const before = rls.weights.slice();
    learn(rls, { x: [Number.NaN], y: [1] });
    expect(rls.weights).toEqual(before);
    expect([rls.restarts, rls.learned]).toEqual([1, 1]);
  });

  test.each([
    [{ features: 0 }, "features"],
    [{ outputs: 1.5 }, "outputs"],
    [{ forgetting: 0 }, "forgetting"],
    [{ forgetting: 1.1 }, "forgetting"],
    [{ penalty: 0 }, "penalty"],
  ])("refuses %o", (over, named) => {
    const options = { features: 2, outputs: 1, forgetting: 0.99, penalty: 1, ...over };
    expect(() => new Rls(options)).toThrow(new RegExp(`PARAMETER_INVALID.*${named}`));
  });
});
