import { describe, expect, test } from "vitest";
import { KeepWarm } from "../../daemon/decoder/keep-warm.ts";

/** Windows every `periodMs` that take `costMs`, and warm runs of 0.2 ms whenever one is due: [time of the run, time of the next window]. */
function simulate(
  idleMs: number,
  periodMs: number,
  costMs: number,
  windows = 20,
): { runs: number[]; arrivals: number[] } {
  const warm = new KeepWarm(idleMs);
  const [runs, arrivals]: [number[], number[]] = [[], []];
  for (let i = 0; i < windows; i++) {
    const arrivalMs = i * periodMs;
    arrivals.push(arrivalMs);
    warm.arrived(arrivalMs);
    expect(warm.dueInMs(arrivalMs)).toBe(Number.POSITIVE_INFINITY);
    let nowMs = arrivalMs + costMs;
    warm.done(nowMs);
    for (;;) {
      const dueMs = warm.dueInMs(nowMs);
      expect(dueMs).toBeGreaterThanOrEqual(0);
      if (nowMs + dueMs >= arrivalMs + periodMs) break;
      nowMs += dueMs;
      if (dueMs > 0) continue;
      runs.push(nowMs);
      nowMs += 0.2;
      warm.warmed(nowMs);
    }
  }
  return { runs, arrivals };
}

describe("keep warm", () => {
  test("nothing before the first window, and nothing while one is decoded", () => {
    const warm = new KeepWarm(10);
    expect(warm.dueInMs(1000)).toBe(Number.POSITIVE_INFINITY);
    warm.arrived(1000);
    warm.arrived(1001);
    warm.done(1005);
    expect(warm.dueInMs(1020)).toBe(Number.POSITIVE_INFINITY);
    warm.done(1006);
    expect(warm.dueInMs(1007)).toBe(9);
  });

  test("a device that is used more often than that is left alone", () => {
    expect(simulate(10, 10, 3).runs).toEqual([]);
    expect(simulate(30, 20, 3).runs).toEqual([]);
  });

  test.each([
    [10, 20],
    [10, 40],
    [5, 40],
    [7, 200],
  ])("after %i ms of nothing at windows every %i ms, and never just before one", (idleMs, periodMs) => {
    const { runs, arrivals } = simulate(idleMs, periodMs, 3);
    expect(runs.length).toBeGreaterThan(arrivals.length / 2);
    // The first two windows teach the cadence.
    for (const run of runs.filter((at) => at > 2 * periodMs))
      for (const arrival of arrivals) expect(run > arrival || arrival - run >= 2).toBe(true);
  });

  test("windows that stop coming do not stop it", () => {
    const warm = new KeepWarm(10);
    for (const at of [0, 20, 40]) {
      warm.arrived(at);
      warm.done(at + 3);
    }
    let nowMs = 43;
    let runs = 0;
    while (nowMs < 1000) {
      const dueMs = warm.dueInMs(nowMs);
      nowMs += dueMs;
      if (dueMs > 0) continue;
      warm.warmed(nowMs);
      runs++;
    }
    expect(runs).toBeGreaterThan(80);
  });
});
