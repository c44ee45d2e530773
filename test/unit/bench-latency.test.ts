import { describe, expect, test } from "vitest";
import { distribution, Latencies } from "../../bench/distribution.ts";
import { offeredBins } from "../../bench/latency/summary.ts";
import { slope } from "../../bench/soak/slope.ts";
import type { TraceBin } from "../../src/protocol/trace.ts";

describe("distribution", () => {
  test("three significant digits, an exact maximum, and a curve that rises to it", () => {
    const values = Array.from({ length: 10_000 }, (_, i) => (i + 1) / 100);
    const { n, p50, p90, p99, p999, max, mean, curve } = distribution(values);
    expect(n).toBe(10_000);
    for (const [got, wanted] of [
      [p50, 50],
      [p90, 90],
      [p99, 99],
      [p999, 99.9],
      [mean, 50],
    ])
      expect(Math.abs(got! / wanted! - 1)).toBeLessThan(2e-3);
    expect(max).toBeCloseTo(100, 1);
    const [shares, times] = [curve.map(([share]) => share), curve.map(([, ms]) => ms)];
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(curve.at(-1)).toEqual([1, max]);
  });

  test("what is no number is left out, and nothing gives zeros", () => {
    expect(distribution([Number.NaN, 3, Number.POSITIVE_INFINITY]).n).toBe(1);
    expect(distribution([])).toEqual({ n: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0, mean: 0, curve: [] });
  });

  test("over what was offered, what never came is later than everything else", () => {
    const latencies = new Latencies();
    for (let ms = 1; ms <= 90; ms++) latencies.record(ms);
    const all = latencies.overOffered(10);
    expect(all.offered).toBe(100);
    expect(all.p50).toBeCloseTo(50, 0);
    expect(all.p90).toBeCloseTo(90, 0);
    expect([all.p99, all.p999]).toEqual([null, null]);
    expect(latencies.overOffered(0).p99).toBeCloseTo(90, 0);
    expect(new Latencies().overOffered(5)).toEqual({ offered: 5, p50: null, p90: null, p99: null, p999: null });
  });
});

describe("offeredBins", () => {
  const bin = (index: number): TraceBin => ({
    ...{ index, arrivedMs: 20 * index, closedMs: 20 * index, closedBy: "source", settledMs: null },
    ...{ outcome: null, note: null, frame: null },
  });
  const measured = (first: number, fromMs: number, count: number) => {
    return { trace: { bins: Array.from({ length: 20 }, (_, i) => bin(first + i)) }, fromMs, count };
  };

  test("every n-th bin from the first that counts, whatever became of it", () => {
    expect(offeredBins(measured(0, 100, 4), 2).map(({ index }) => index)).toEqual([6, 8, 10, 12]);
    expect(offeredBins(measured(0, 100, 99), 5).map(({ index }) => index)).toEqual([5, 10, 15]);
  });

  test("refuses a trace that was too short for the run", () => {
    expect(() => offeredBins(measured(10, 100, 4), 2)).toThrow("the trace begins with bin 10");
    expect(offeredBins(measured(10, 200, 4), 2)).toHaveLength(4);
  });
});

test("the slope of memory, and an error that grows when neighbours are alike", () => {
  const line = Array.from({ length: 50 }, (_, i) => [i / 10, 100 + 3 * (i / 10)] as const);
  expect(slope(line).perHour).toBeCloseTo(3, 6);
  const noisy = (wave: (i: number) => number) => slope(line.map(([x, y], i) => [x, y + wave(i)] as const)).error;
  expect(noisy((i) => Math.sin(i / 4))).toBeGreaterThan(2 * noisy((i) => (i % 2 === 0 ? 0.7 : -0.7)));
});
