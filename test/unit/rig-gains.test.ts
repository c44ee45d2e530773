import { expect, test } from "vitest";
import { createGains } from "../../rig/gains.ts";
import type { Population } from "../../rig/session-schema.ts";

function population(units: number, change: Partial<Population>): Population {
  const each = (value: number) => Array.from({ length: units }, () => value);
  return {
    ...{ baselineHz: each(5), latencyMs: each(60), riseMs: each(10), transient: each(1), transientDecayMs: 80 },
    ...{ offDecayMs: 60, adaptation: each(0), adaptationHz: 50, gainSd: 0, gainTauMs: 600, factors: [] },
    ...{ driftSd: 0, driftTauMs: 1_200_000, refractoryMs: 2, ...change },
  };
}
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const covariance = (a: number[], b: number[]) => mean(a.map((value, i) => value * (b[i] ?? 0))) - mean(a) * mean(b);

test("log gains covary by the common gain and the products of the loadings", () => {
  const factors = [
    { tauMs: 5, loadings: [0.2, 0.1] },
    { tauMs: 10, loadings: [0.1, -0.3] },
  ];
  const next = createGains(population(2, { gainSd: 0.15, gainTauMs: 5, factors }), 7);
  const gains = Array.from({ length: 200_000 }, () => [...next()]);
  const [a, b] = [0, 1].map((unit) => gains.map((row) => Math.log(row[unit] ?? 1))) as [number[], number[]];
  expect(covariance(a, b)).toBeCloseTo(0.15 ** 2 + 0.2 * 0.1 - 0.1 * 0.3, 2);
  expect(covariance(a, a)).toBeCloseTo(0.15 ** 2 + 0.2 ** 2 + 0.1 ** 2, 2);
  expect(covariance(b, b)).toBeCloseTo(0.15 ** 2 + 0.1 ** 2 + 0.3 ** 2, 2);
  expect(mean(gains.map(([first]) => first ?? 0))).toBeCloseTo(1, 1);
});

test("drift is each unit's own, has its deviation, and goes slowly", () => {
  const next = createGains(population(4_000, { driftSd: 0.1, driftTauMs: 2_000 }), 3);
  const start = [...next()].map(Math.log);
  const later = (ms: number) => {
    for (let i = 1; i < ms; i++) next();
    return [...next()].map(Math.log);
  };
  expect(Math.sqrt(covariance(start, start))).toBeCloseTo(0.1, 2);
  expect(mean(start)).toBeCloseTo(-(0.1 ** 2) / 2, 2);
  expect(later(999)).toEqual(start);
  const after = later(1_001);
  expect(covariance(start, after) / covariance(start, start)).toBeCloseTo(Math.exp(-1), 1);
  expect(Math.sqrt(covariance(after, after))).toBeCloseTo(0.1, 2);
});

test("without any of them the gain is 1", () => {
  expect([...createGains(population(3, {}), 1)()]).toEqual([1, 1, 1]);
});
