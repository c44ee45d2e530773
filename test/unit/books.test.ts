import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  atypicality,
  correlation,
  groupBits,
  isReconstruction,
  meanOverBins,
  weighBins,
} from "../../src/decode/evidence.ts";
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

  test("what is noted of a bin belongs to its outcome and is counted with it", () => {
    const ledger = new Ledger();
    for (let bin = 0; bin < 4; bin++) ledger.open(bin);
    ledger.settle(0, "frames", "late");
    ledger.settle(1, "expired", "discarded");
    ledger.settle(2, "expired", "held");
    expect(() => ledger.settle(3, "frames", "held")).toThrow("bin 3 is settled as frames and cannot be held");
    expect(ledger.counts()).toMatchObject({ inFlight: 1, frames: 1, expired: 2, late: 1, discarded: 1, held: 1 });
    expect(balances(ledger.counts())).toBe(true);
    expect(balances({ ...ledger.counts(), late: 2 })).toBe(false);
    expect(balances({ ...ledger.counts(), held: 2 })).toBe(false);
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
      ...{ late: 0, discarded: 0, held: 0 },
    };
    expect(balances(counts)).toBe(false);
    expect(balances({ ...counts, gated: 1 })).toBe(true);
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
    expect([...weighBins(Float32Array.of(1, 2, 3, 6), [0.5, 0.5])]).toEqual([2, 4]);
    expect([...weighBins(Float32Array.of(1, 2, 3, 6), [-1, 1])]).toEqual([2, 4]);
    expect([...weighBins(Float32Array.of(1, 2, 3, 7), [-1, 2])]).toEqual([5, 12]);
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
