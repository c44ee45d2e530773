import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Binner } from "../../src/signal/binner.ts";
import { Merger } from "../../src/signal/merger.ts";
import type { Bin, CountBlock, SourceMessage } from "../../src/signal/types.ts";
import { block, counted } from "./helpers.ts";

const WIDTH_MS = 20;
const UNITS = 2;

function make(onImpossible: (source: string, spikes: number) => void = () => {}) {
  const merger = new Merger({
    ...{ name: "both", sources: ["spikes", "counts"], holdMs: 30, widthMs: WIDTH_MS, units: UNITS },
    onImpossible,
  });
  const binner = new Binner({ source: "both", units: UNITS, widthMs: WIDTH_MS, latenessMs: 4, silenceMs: 60 });
  const bins: Bin[] = [];
  const take = (messages: readonly SourceMessage[], nowMs: number) => {
    for (const message of messages) bins.push(...binner.push(message, nowMs));
  };
  return { merger, bins, take };
}

/** The source of spikes says how far its clock has come. */
const clock = (ms: number) =>
  ({ kind: "clock", source: "spikes", time: ms / 1000, receivedAtMs: ms }) as const satisfies SourceMessage;
const sample = (endS: number, counts: readonly number[], receivedAtMs: number, intervalS: number): CountBlock => ({
  ...counted([endS], [counts], intervalS),
  ...{ source: "counts", receivedAtMs },
});

describe("counts beside spikes", () => {
  test("fill the bins of the common clock, whatever their own; spikes of the other source are in the same bins", () => {
    const { merger, bins, take } = make();
    for (let ms = 20; ms <= 400; ms += 20) {
      take(merger.push(clock(ms), ms), ms);
      take(merger.push({ ...block([[(ms - 10) / 1000, 0]], ms), source: "spikes" }, ms), ms);
      // Its clock is 5000 s ahead, its grid where ours is.
      take(merger.push(sample(5000 + ms / 1000, [0, 3], ms, 0.02), ms), ms);
    }
    const whole = bins.slice(2, -1);
    expect(whole.length).toBeGreaterThan(10);
    for (const { counts } of whole) expect([...counts]).toEqual([1, 3]);
  });

  test("a middle close to an edge of a bin gives no bin two samples and the next one none (property)", () => {
    const jitter = fc.array(fc.double({ min: -4, max: 4, noNaN: true }), { minLength: 50, maxLength: 50 });
    fc.assert(
      fc.property(jitter, (jittersMs) => {
        const { merger, bins, take } = make();
        // A measured clock, so that only the stamps jitter. The middle of a sample lies on an edge.
        merger.push({ kind: "sync", source: "counts", offsetMs: 0, uncertaintyMs: 0.1, receivedAtMs: 0 }, 0);
        merger.push({ kind: "sync", source: "spikes", offsetMs: 0, uncertaintyMs: 0.1, receivedAtMs: 0 }, 0);
        for (const [i, jitterMs] of jittersMs.entries()) {
          const endMs = 1010 + 20 * i;
          take(merger.push(sample((endMs + jitterMs) / 1000, [1, 0], endMs + 5, 0.02), endMs + 5), endMs + 5);
          take(merger.push(clock(endMs + 10), endMs + 10), endMs + 10);
        }
        for (const { spikes } of bins.slice(1, -2)) expect(spikes).toBe(1);
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  test("clocks that drift apart lose no count (property)", () => {
    const drift = fc.double({ min: -2e-4, max: 2e-4, noNaN: true });
    fc.assert(
      fc.property(drift, fc.constantFrom(0.02, 0.01, 0.005, 0.001), (ppm, intervalS) => {
        const { merger, bins, take } = make();
        let sent = 0;
        for (let i = 1; i <= 2_000; i++) {
          const ms = 1_000 * i * intervalS * (1 + ppm);
          take(merger.push(sample(i * intervalS, [i % 3, 1], ms, intervalS), ms), ms);
          take(merger.push(clock(ms), ms), ms);
          sent += (i % 3) + 1;
        }
        const endMs = 2_000_000 * intervalS * (1 + ppm) + 500;
        take(merger.release(endMs), endMs);
        take([{ ...clock(endMs), source: "both" }], endMs);
        expect(bins.reduce((sum, { spikes }) => sum + spikes, 0)).toBe(sent);
      }),
      { seed: 2, numRuns: 20 },
    );
  });

  test("an interval that fills no bin is refused", () => {
    const { merger } = make();
    expect(() => merger.push(sample(1, [0, 0], 0, 0.03), 0)).toThrow(
      "[SOURCE_MISMATCH] counts of counts: expected samples of 20 ms (the width of a bin) or a whole fraction of it",
    );
  });

  test("what no cell can fire is left out and said, so that it is not as many spikes", () => {
    const said: unknown[] = [];
    const { merger } = make((...impossible) => said.push(impossible));
    merger.push(sample(1, [65_535, 1], 0, 0.02), 0);
    const released = merger.push(sample(1.02, [80, 0], 20, 0.02), 500);
    expect(said).toEqual([["counts", 65_536]]);
    const spikes = [...released, ...merger.release(1_000)].filter(({ kind }) => kind === "spikes");
    expect(spikes.reduce((sum, message) => sum + ("units" in message ? message.units.length : 0), 0)).toBe(80);
  });
});
