import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ClockMap } from "../../src/signal/clock.ts";
import { playClock, script } from "./clock-simulation.ts";

const runs = process.env.PHOSPHENE_LONG ? { numRuns: 2_000 } : { numRuns: 60, seed: 3 };
const CONVERGED_S = 8;

test("the offset is the smallest delay, however much messages are delayed", () => {
  const clock = new ClockMap();
  const delays = [7, 3, 9, 3.5, 4, 12, 3.2];
  for (let i = 0; i < 1_400; i++) clock.observe(i * 0.01, i * 10 + 500 + delays[i % 7]!);
  expect(Math.abs(clock.offsetMs - 503)).toBeLessThanOrEqual(1);
  expect(clock.uncertaintyMs).toBeLessThan(3);
});

test("maps there and back", () => {
  const clock = new ClockMap();
  clock.observe(2, 2100);
  expect(clock.toSourceS(clock.toLocalMs(3.5))).toBeCloseTo(3.5, 9);
});

test("of an unknown clock little is claimed", () => {
  const clock = new ClockMap();
  expect(clock.ready).toBe(false);
  clock.observe(1, 1_000);
  expect(clock.uncertaintyMs).toBeGreaterThan(100);
});

test.each([{ gain: 1 }, { maxSlew: 1 }, { stepMs: 0 }, { sampleMs: Number.NaN }])("%j is refused", (options) => {
  expect(() => new ClockMap(options)).toThrow("PARAMETER_INVALID");
});

describe("mapped time never runs backwards (property)", () => {
  const jump = fc.option(
    fc.record({
      atS: fc.double({ min: 1, max: 9, noNaN: true }),
      byMs: fc.double({ min: 0, max: 2_000, noNaN: true }),
    }),
    { nil: undefined },
  );
  const outlier = fc.option(
    fc.record({ atS: fc.integer({ min: 1, max: 9 }), byMs: fc.double({ min: -300, max: 800, noNaN: true }) }),
    { nil: undefined },
  );
  test("whatever the offset, drift, jitter, a jump ahead, an outlier", () => {
    fc.assert(
      fc.property(script, jump, outlier, (base, jumps, lateness) => {
        let newestS = Number.NEGATIVE_INFINITY;
        let before = Number.NEGATIVE_INFINITY;
        playClock({ ...base, jump: jumps, outlier: lateness }, 15, ({ sourceS, mappedMs }) => {
          if (sourceS <= newestS) return;
          newestS = sourceS;
          expect(mappedMs).toBeGreaterThanOrEqual(before - 1e-6);
          before = mappedMs;
        });
      }),
      runs,
    );
  });
  test("whatever comes, in whatever order", () => {
    const times = fc.double({ min: -1e4, max: 1e4, noNaN: true });
    const observed = fc.array(fc.tuple(times, times), { maxLength: 200 });
    fc.assert(
      fc.property(observed, (all) => {
        const clock = new ClockMap();
        let newestS = Number.NEGATIVE_INFINITY;
        let before = Number.NEGATIVE_INFINITY;
        for (const [sourceS, receivedMs] of all) {
          clock.observe(sourceS, receivedMs);
          expect(clock.uncertaintyMs).toBeGreaterThanOrEqual(0);
          if (sourceS <= newestS) continue;
          newestS = sourceS;
          expect(clock.toLocalMs(sourceS)).toBeGreaterThanOrEqual(before);
          before = clock.toLocalMs(sourceS);
        }
      }),
      runs,
    );
  });
});

describe("the error is within the stated uncertainty (property)", () => {
  test("whatever the offset, drift and jitter, once converged", () => {
    fc.assert(
      fc.property(script, (base) => {
        let worst = 0;
        playClock(base, 25, ({ localS, clock, trueMs, mappedMs }) => {
          if (localS < CONVERGED_S) return;
          expect(Math.abs(mappedMs - trueMs)).toBeLessThanOrEqual(clock.uncertaintyMs);
          worst = Math.max(worst, clock.uncertaintyMs);
        });
        // A bound that is always kept because it is huge is none.
        expect(worst).toBeLessThan(12);
      }),
      runs,
    );
  });
  test("again after a jump ahead that stays", () => {
    const jump = fc.record({ atS: fc.constant(10), byMs: fc.double({ min: 100, max: 1_500, noNaN: true }) });
    fc.assert(
      fc.property(script, jump, (base, jumps) => {
        playClock({ ...base, jump: jumps }, 25, ({ localS, clock, trueMs, mappedMs }) => {
          if (localS < 10 + CONVERGED_S) return;
          expect(Math.abs(mappedMs - trueMs)).toBeLessThanOrEqual(clock.uncertaintyMs);
        });
      }),
      runs,
    );
  });
});

describe("a step only when a jump persists (property)", () => {
  test("one outlier, early or late, moves the offset no further than its wander", () => {
    const byMs = fc.oneof(
      fc.double({ min: -2_000, max: -100, noNaN: true }),
      fc.double({ min: 100, max: 600, noNaN: true }),
    );
    fc.assert(
      fc.property(script, byMs, (base, by) => {
        let before = Number.NaN;
        playClock({ ...base, driftPpm: 0, outlier: { atS: 10, byMs: by } }, 14, ({ localS, clock }) => {
          if (localS < 9.9) before = clock.offsetMs;
          else expect(Math.abs(clock.offsetMs - before)).toBeLessThan(5);
        });
      }),
      runs,
    );
  });
  test("source time that jumped ahead and stays is believed after three samples, one that was lost after a window", () => {
    for (const [byMs, early] of [
      [500, true],
      [-500, false],
    ] as const) {
      const base = { offsetMs: 100, driftPpm: 0, blockMs: 10, jitterMs: 0, seed: 1 };
      let steppedAtS = Number.NaN;
      playClock({ ...base, jump: { atS: 10, byMs } }, 16, ({ localS, clock }) => {
        if (Number.isNaN(steppedAtS) && Math.abs(clock.offsetMs - 100 + byMs) < 5) steppedAtS = localS;
      });
      expect(steppedAtS).toBeGreaterThan(early ? 10.7 : 13.9);
      expect(steppedAtS).toBeLessThan(early ? 11.3 : 14.6);
    }
  });
});

describe("a source that answers probes", () => {
  test("the shortest round trip is believed, one-way observations are not needed", () => {
    const clock = new ClockMap();
    for (let i = 0; i < 400; i++) {
      clock.probe(40 + (i % 5), 1 + (i % 5), i * 100);
      clock.observe(i / 10, i * 100 + 70);
    }
    expect(Math.abs(clock.offsetMs - 40)).toBeLessThanOrEqual(1);
    expect(clock.uncertaintyMs).toBeLessThan(2.5);
  });
  test("one probe that is far off changes nothing", () => {
    const clock = new ClockMap();
    for (let i = 0; i < 20; i++) clock.probe(i === 10 ? 5_000 : 40, 1, i * 1_000);
    expect(clock.offsetMs).toBe(40);
  });
});

test("after a reset it is a new clock", () => {
  const clock = new ClockMap();
  for (let i = 0; i < 500; i++) clock.observe(i * 0.01, i * 10);
  clock.reset();
  expect(clock.ready).toBe(false);
  expect(clock.offsetMs).toBeNaN();
  clock.observe(3, 90_000);
  expect(clock.toLocalMs(3)).toBe(90_000);
});
