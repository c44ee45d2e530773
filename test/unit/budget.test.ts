import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StepBudget, type StepBudgetOptions } from "../../src/decode/budget.ts";
import { LoadEstimate } from "../../src/decode/load.ts";
import { RunningQuantiles } from "../../src/decode/running-quantiles.ts";

const COSTS = new Map([
  [1, 5],
  [2, 10],
  [4, 20],
]);
const FREE = { costMs: COSTS, maxSteps: 4, totalMs: 50, modelMs: Number.POSITIVE_INFINITY, cadenceMs: 40 };
const make = (options: Partial<StepBudgetOptions> = {}) => new StepBudget({ ...FREE, ...options });
/** Frames in a row that each cost `load` times their warm-up cost; the steps that were used. */
function play(budget: StepBudget, frames: number, load: number | (() => number), leftMs = 49): (number | null)[] {
  return Array.from({ length: frames }, () => {
    const { steps } = budget.choose(leftMs);
    if (steps !== null) budget.record(steps, COSTS.get(steps)! * (typeof load === "number" ? load : load()), leftMs);
    return steps;
  });
}
const changes = (steps: readonly (number | null)[]) => steps.filter((k, i) => i > 0 && k !== steps[i - 1]).length;

describe("RunningQuantiles", () => {
  test("are those of the last values, and of the prior while they are few (property)", () => {
    const value = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), value, fc.array(value), (size, prior, values) => {
        const quantiles = new RunningQuantiles(size, prior);
        for (const [i, each] of values.entries()) {
          quantiles.push(each);
          const last = values.slice(Math.max(0, i + 1 - size), i + 1);
          const all = [...last, ...Array<number>(Math.max(0, 20 - last.length)).fill(prior)].sort((a, b) => a - b);
          for (const q of [0.5, 0.95, 1]) expect(quantiles.at(q)).toBe(all[Math.ceil(q * all.length) - 1]);
        }
      }),
    );
  });

  test("what is no number is left out", () => {
    const quantiles = new RunningQuantiles(4, 7);
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) quantiles.push(value);
    expect([quantiles.count, quantiles.at(0.95)]).toEqual([0, 7]);
  });

  test("forgets the oldest values", () => {
    const p95 = new RunningQuantiles(40, 0);
    for (let i = 0; i < 60; i++) p95.push(60 - i);
    expect(p95.at(0.95)).toBe(38);
    p95.forget(20);
    expect([p95.count, p95.at(0.95)]).toEqual([20, 19]);
    p95.forget(1000);
    expect([p95.count, p95.at(0.95)]).toEqual([0, 0]);
  });
});

describe("LoadEstimate", () => {
  test("scales the warm-up cost of every k by the load, whatever k was used", () => {
    const load = new LoadEstimate(COSTS);
    for (let i = 0; i < 128; i++) load.record(4, 60);
    expect([1, 2, 4, 8].map((k) => load.costMs(k))).toEqual([15, 30, 60, Number.POSITIVE_INFINITY]);
  });

  test("the way to the decoder and back is not multiplied by the steps", () => {
    // As measured on a GPU: 0.7 ms of model for one step, and 2.5 ms of waking two processes.
    const load = new LoadEstimate(new Map([1, 2, 4].map((k) => [k, 0.5 * k] as const)));
    for (let i = 0; i < 128; i++) load.record(1, 3, 2.5);
    expect([1, 2, 4].map((k) => load.costMs(k))).toEqual([3, 3.5, 4.5]);
    expect(load.usualMs(4)).toBe(4.5);
    load.record(2, 1, 5);
    expect(load.usualMs(4)).toBe(4.5);
  });

  test("fewer steps are taken to cost no more than more: a warm-up that was disturbed is mended", () => {
    const load = new LoadEstimate(new Map([...COSTS, [1, 30] as const]));
    expect([1, 2, 4].map((k) => load.nominalMs(k))).toEqual([10, 10, 20]);
  });

  test("refuses costs that are none", () => {
    expect(() => new LoadEstimate(new Map())).toThrow(/at least one k/);
    expect(() => new LoadEstimate(new Map([[1, 0]]))).toThrow("cost of 1 steps: expected more than 0 ms, got 0");
  });
});

describe("StepBudget: what is chosen", () => {
  test("the largest k that fits into the time left, and why not more", () => {
    const chosen = [49, 19, 9, 4.9].map((left) => make().choose(left));
    expect(chosen.map(({ steps, why }) => [steps, why])).toEqual([
      [4, "fits"],
      [2, "time"],
      [1, "time"],
      [null, "no-time"],
    ]);
    expect(chosen[1]).toEqual({ steps: 2, estimateMs: 10, leftMs: 19, why: "time" });
    expect(chosen[3]).toEqual({ steps: null, estimateMs: 5, leftMs: 4.9, why: "no-time" });
  });

  test("the model's share bounds it, and so does the rate, but not the fewest steps", () => {
    expect(make({ modelMs: 12 }).choose(49)).toMatchObject({ steps: 2, why: "share" });
    expect(make({ modelMs: 4 }).choose(49)).toMatchObject({ steps: null, why: "no-time" });
    expect(make({ cadenceMs: 15 }).choose(49)).toMatchObject({ steps: 2, why: "rate" });
    expect(make({ cadenceMs: 2 }).choose(49)).toMatchObject({ steps: 1, why: "rate" });
  });

  test("never more than maxSteps; the fewest there are when even they are more", () => {
    expect(make({ maxSteps: 3 }).choose(100)).toMatchObject({ steps: 2, why: "fits" });
    expect(make({ costMs: new Map([[8, 2]]), maxSteps: 4 }).choose(100)).toMatchObject({ steps: 8 });
  });

  test("the fewest steps are tried when they usually fit: the alternative is no picture", () => {
    const budget = make();
    for (let i = 0; i < 128; i++) budget.record(1, i % 10 === 0 ? 60 : 15, 100);
    expect(budget.costMs(1)).toBe(60);
    expect(budget.choose(49)).toEqual({ steps: 1, estimateMs: 15, leftMs: 49, why: "time" });
    expect(budget.choose(14)).toEqual({ steps: null, estimateMs: 15, leftMs: 14, why: "no-time" });
  });

  test("costs that were measured on a busy machine, and leave no picture at all, are not believed for ever", () => {
    const trueMs = 15;
    const budget = make({ costMs: new Map([[1, 180]]) });
    const steps = Array.from({ length: 400 }, () => {
      const { steps: k } = budget.choose(49);
      if (k !== null) budget.record(k, trueMs, 49);
      return k;
    });
    const tried = steps.indexOf(1);
    expect(tried).toBeGreaterThan(90);
    expect(steps.slice(tried).every((k) => k === 1)).toBe(true);
    // Bins that had waited are no reason to doubt.
    const waiting = make({ costMs: new Map([[1, 60]]) });
    for (let i = 0; i < 400; i++) expect(waiting.choose(30).steps).toBeNull();
  });

  test("never exceeds what fits (property)", () => {
    const frame = fc.record({
      left: fc.double({ min: 0, max: 60, noNaN: true }),
      load: fc.integer({ min: 1, max: 90 }),
    });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 300 }), fc.option(fc.nat(40)), (frames, share) => {
        const budget = make({ modelMs: share ?? Number.POSITIVE_INFINITY });
        for (const { left, load } of frames) {
          const { steps, estimateMs, leftMs } = budget.choose(left);
          expect(leftMs).toBe(left);
          if (steps === null) continue;
          if (steps > 1) expect(estimateMs).toBe(budget.costMs(steps));
          expect(estimateMs).toBeLessThanOrEqual(Math.min(left, share ?? Number.POSITIVE_INFINITY));
          budget.record(steps, (COSTS.get(steps)! * load) / 10, left);
        }
      }),
    );
  });

  test("new costs forget everything", () => {
    const budget = make();
    play(budget, 128, 9);
    budget.rebase(new Map([[1, 1]]));
    expect(budget.choose(2)).toEqual({ steps: 1, estimateMs: 1, leftMs: 2, why: "fits" });
    expect(budget.estimates()).toEqual({ "1": 1 });
  });
});

describe("StepBudget: how it changes", () => {
  test("fewer at once, more only after a second of fitting with a margin", () => {
    const budget = make();
    expect(budget.choose(49).steps).toBe(4);
    expect(budget.choose(15).steps).toBe(2);
    const steps = Array.from({ length: 30 }, () => budget.choose(49));
    expect(steps.findIndex((decision) => decision.steps === 4)).toBe(24);
    expect(steps[0]).toMatchObject({ steps: 2, why: "held-down" });
  });

  test("what fits without the margin is not taken again", () => {
    const budget = make();
    budget.choose(15);
    expect(Array.from({ length: 200 }, () => budget.choose(21).steps)).toEqual(Array(200).fill(2));
  });

  test("a frame that overran leads to the steps that would not have", () => {
    const budget = make();
    budget.choose(49);
    budget.record(4, 80, 49);
    expect(budget.choose(49)).toMatchObject({ steps: 2, why: "held-down" });
  });

  test("a stall that would have spoilt every frame is held against no number of steps", () => {
    const budget = make();
    budget.choose(49);
    budget.record(4, 250, 49);
    expect(budget.choose(49)).toMatchObject({ steps: 4, why: "fits" });
  });

  test("no oscillation under constant load (property)", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.2, max: 20, noNaN: true }),
        fc.double({ min: 1, max: 49, noNaN: true }),
        (load, left) => {
          const settled = play(make(), 1000, load, left).slice(400);
          // With no k that fits at this load, what is tried again and again is the fewest steps.
          const impossible = load * COSTS.get(1)! > left;
          if (impossible) expect(settled.filter((k) => k !== null && k > 1)).toEqual([]);
          else expect(new Set(settled).size).toBe(1);
        },
      ),
    );
  });

  test("hardly any change under a load that only jitters (property)", () => {
    const jitter = fc.record({ seed: fc.integer(), load: fc.double({ min: 0.8, max: 4, noNaN: true }) });
    fc.assert(
      fc.property(jitter, ({ seed, load }) => {
        let state = seed | 1;
        const noise = () => {
          state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
          return load * (1 + 0.3 * (state / 2 ** 31));
        };
        // Eight minutes at 25 frames/s: six doublings of the wait, and then at most once in the time after which trouble is forgotten.
        expect(changes(play(make(), 12_000, noise))).toBeLessThanOrEqual(2 * (6 + 12_000 / 225));
      }),
      { numRuns: 30 },
    );
  });

  test("each time that steps had to be given up, they must fit for twice as long", () => {
    const budget = make();
    budget.choose(49);
    const waits = Array.from({ length: 8 }, () => {
      budget.record(4, 80, 49);
      let frames = 0;
      while (play(budget, 1, 1)[0] !== 4) frames++;
      return frames;
    });
    expect(waits).toEqual([49, 99, 199, 399, 799, 799, 799, 799]);
  });

  test("after a frame that overran, more steps must serve for sixteen seconds until that is forgotten", () => {
    const budget = make();
    const waitAfter = (served: number) => {
      play(budget, served, 1);
      budget.record(4, 80, 49);
      let frames = 0;
      while (play(budget, 1, 1)[0] !== 4) frames++;
      return frames;
    };
    // 25 frames/s; the frame with which a wait ends is the first that serves.
    expect([1, 398, 399, 398].map(waitAfter)).toEqual([49, 99, 49, 99]);
  });

  test("a bin that had waited is decoded with fewer steps, but is not held against them", () => {
    const budget = make();
    const waits = Array.from({ length: 4 }, () => {
      budget.choose(49);
      budget.choose(15);
      return Array.from({ length: 100 }, () => budget.choose(49).steps).indexOf(4);
    });
    expect(waits).toEqual([24, 24, 24, 24]);
  });

  test("recovers when the load ends (property)", () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 12, noNaN: true }), fc.integer({ min: 1, max: 400 }), (load, frames) => {
        const budget = make();
        play(budget, frames, load);
        expect(play(budget, 1100, 1).at(-1)).toBe(4);
      }),
    );
  });

  test("recovers from a time in which nothing fitted at all", () => {
    const budget = make();
    for (let i = 0; i < 128; i++) budget.record(1, 5000, 49);
    const steps = play(budget, 400, 1);
    expect(steps[0]).toBeNull();
    expect(steps.findIndex((k) => k !== null)).toBeLessThanOrEqual(16);
    expect(steps.at(-1)).toBe(4);
  });

  test("bins that waited too long do not make the load forgotten", () => {
    const budget = make();
    play(budget, 128, 2);
    for (let i = 0; i < 100; i++) expect(budget.choose(3).steps).toBeNull();
    expect(budget.costMs(4)).toBe(40);
  });
});
