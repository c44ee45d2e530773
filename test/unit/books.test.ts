import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StepBudget } from "../../src/decode/budget.ts";
import { atypicality, correlation, groupBits, isReconstruction, meanOverBins } from "../../src/decode/evidence.ts";
import { balances, Ledger, type Outcome } from "../../src/ledger.ts";

describe("Ledger", () => {
  const OUTCOMES: Outcome[] = ["frames", "superseded", "expired", "failed", "gated"];

  test("the identities hold at every instant (property)", () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.constantFrom(...OUTCOMES)), { maxLength: 200 }), (actions) => {
        const ledger = new Ledger();
        const open: number[] = [];
        let next = 0;
        for (const outcome of actions) {
          const opens = outcome === null || open.length === 0;
          if (opens) ledger.open(next);
          if (opens) open.push(next++);
          else ledger.settle(open.shift()!, outcome);
          expect(balances(ledger.counts())).toBe(true);
          expect(ledger.counts().inFlight).toBe(open.length);
        }
      }),
    );
  });

  test("a bin cannot be settled twice, nor one that never closed", () => {
    const ledger = new Ledger();
    ledger.open(0);
    ledger.settle(0, "frames");
    expect(() => ledger.settle(0, "failed")).toThrow("bin 0 is settled as failed but is not in flight");
    expect(() => ledger.settle(5, "frames")).toThrow();
  });

  test("balances sees a miscount", () => {
    const counts = {
      closed: 3,
      inFlight: 1,
      bins: 2,
      frames: 1,
      superseded: 0,
      expired: 0,
      failed: 0,
      gated: 0,
      late: 0,
    };
    expect(balances(counts)).toBe(false);
    expect(balances({ ...counts, gated: 1 })).toBe(true);
  });
});

describe("StepBudget", () => {
  const make = () =>
    new StepBudget({
      costMs: new Map([
        [1, 5],
        [2, 10],
        [4, 20],
      ]),
      maxSteps: 4,
      reserveMs: 2,
    });

  test("takes the largest k that fits into the time left", () => {
    const budget = make();
    expect([50, 22, 21.9, 12, 7, 6.9].map((left) => budget.choose(left))).toEqual([4, 4, 2, 2, 1, null]);
  });

  test("takes fewer steps on a loaded machine, and more again when the load is gone", () => {
    const budget = make();
    for (let i = 0; i < 100; i++) budget.record(4, 60);
    expect(budget.costMs(1)).toBeCloseTo(15);
    expect(budget.choose(25)).toBe(1);
    for (let i = 0; i < 200; i++) budget.record(1, 5);
    expect(budget.choose(25)).toBe(4);
  });

  test("recovers from a stall after which nothing seems to fit", () => {
    const budget = make();
    for (let i = 0; i < 128; i++) budget.record(1, 5000);
    const choices = Array.from({ length: 20 }, () => budget.choose(50));
    expect(choices[0]).toBeNull();
    expect(choices.at(-1)).toBe(4);
  });

  test("never more than maxSteps", () => {
    const budget = new StepBudget({
      costMs: new Map([
        [1, 1],
        [4, 2],
      ]),
      maxSteps: 2,
      reserveMs: 0,
    });
    expect(budget.choose(100)).toBe(1);
  });
});

describe("evidence", () => {
  test("bits per group are the KL against N(0, 1)", () => {
    const bits = groupBits(Float32Array.of(0, 2, 0), Float32Array.of(0, 0, Math.log(0.25)), [
      { size: 1 },
      { size: 1 },
      { size: 1 },
    ]);
    expect(bits[0]).toBeCloseTo(0, 6);
    expect(bits[1]).toBeCloseTo(2 / Math.LN2, 5);
    expect(bits[2]).toBeCloseTo((0.25 - 1 + Math.log(4)) / 2 / Math.LN2, 5);
  });

  test("correlation, mean over bins, atypicality", () => {
    expect(correlation([1, 2, 3], [2, 4, 6])).toBeCloseTo(1);
    expect(correlation([1, 2, 3], [3, 2, 1])).toBeCloseTo(-1);
    expect(correlation([1, 1, 1], [3, 2, 1])).toBe(0);
    expect([...meanOverBins(Float32Array.of(1, 2, 3, 6), 2)]).toEqual([2, 4]);
    expect(atypicality(Float32Array.of(3, 1), [1, 1], [2, 1])).toBeCloseTo(Math.sqrt(0.5));
  });

  test("each threshold alone withholds the picture", () => {
    const model = {
      groups: [],
      latentMean: [],
      latentStd: [],
      bitsThreshold: 5,
      explainedThreshold: 0.2,
      atypicalityThreshold: 2,
    };
    const good = { bits: [3, 3], explained: 0.5, atypicality: 1 };
    expect(isReconstruction(good, model)).toBe(true);
    expect(isReconstruction({ ...good, bits: [3, 1] }, model)).toBe(false);
    expect(isReconstruction({ ...good, explained: 0.1 }, model)).toBe(false);
    expect(isReconstruction({ ...good, atypicality: 3 }, model)).toBe(false);
  });
});
