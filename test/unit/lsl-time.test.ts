import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Backlog } from "../../adapters/lsl/backlog.ts";
import { Correction } from "../../adapters/lsl/correction.ts";
import { GapWatch } from "../../adapters/lsl/gaps.ts";
import { createGrid } from "../../adapters/lsl-outlet/grid.ts";

describe("Correction of a peer's stamps", () => {
  test("stamps pass as they are until the clocks were compared", () => {
    const correction = new Correction();
    expect(correction.apply(5)).toBe(5);
    correction.measure(100, 1e-4, 105);
    expect(correction.apply(5)).toBe(105);
    expect(correction.uncertaintyS(105)).toBe(1e-4);
  });

  test("a new measurement is slewed to, and the uncertainty covers what is left", () => {
    const correction = new Correction();
    correction.measure(0, 1e-4, 0);
    correction.apply(0);
    correction.measure(0.02, 1e-4, 1);
    expect(correction.apply(1)).toBeCloseTo(1.005, 9); // 5 ms a second
    expect(correction.uncertaintyS(1)).toBeCloseTo(0.0151, 9);
    expect(correction.apply(10)).toBeCloseTo(10.02, 9);
  });

  test("a jump is another clock only when it persists", () => {
    const correction = new Correction();
    correction.measure(0, 1e-4, 0);
    expect([3600, 0, 3600, 3600.001].map((offset, i) => correction.measure(offset, 1e-4, i))).toEqual(
      Array(4).fill(false),
    );
    expect(correction.apply(1)).toBe(1);
    expect(correction.measure(3600, 1e-4, 5)).toBe(true);
    expect(correction.apply(2)).toBe(3602);
  });

  test("an unknown uncertainty stays unknown", () => {
    const correction = new Correction();
    correction.measure(1, Number.NaN, 0);
    expect(correction.uncertaintyS(0)).toBeNaN();
    expect(correction.apply(1)).toBe(2);
  });

  test("corrected time goes forward when the peer's does, and is right within what is stated (property)", () => {
    const step = fc.record({
      dt: fc.double({ min: 1e-5, max: 3, noNaN: true }),
      error: fc.double({ min: -1, max: 1, noNaN: true }),
      rtt: fc.double({ min: 1e-5, max: 0.02, noNaN: true }),
      measured: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        fc.double({ min: -40e-6, max: 40e-6, noNaN: true }),
        fc.array(step, { maxLength: 100 }),
        (offset, drift, steps) => {
          const correction = new Correction();
          let [localS, last] = [1e5, Number.NEGATIVE_INFINITY];
          const trueOffset = () => offset + drift * (localS - 1e5);
          correction.measure(trueOffset(), 1e-5, localS);
          for (const { dt, error, rtt, measured } of steps) {
            localS += dt;
            if (measured) correction.measure(trueOffset() + (error * rtt) / 2, rtt, localS);
            const time = correction.apply(localS - trueOffset());
            expect(time).toBeGreaterThanOrEqual(last);
            expect(Math.abs(time - localS)).toBeLessThanOrEqual(correction.uncertaintyS(localS) + 1e-9);
            last = time;
          }
        },
      ),
    );
  });
});

describe("GapWatch", () => {
  const missedOf = (stamps: readonly number[], interval = 0.02) => {
    const watch = new GapWatch(interval);
    return stamps.reduce((sum, stamp) => sum + watch.see(stamp), 0);
  };
  const grid = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => 7 + (from + i) * 0.02);

  test("counts what is missing once it is sure", () => {
    expect(missedOf([...grid(0, 50), ...grid(53, 62)])).toBe(0);
    expect(missedOf([...grid(0, 50), ...grid(53, 100)])).toBe(3);
  });

  test("a sample that is only late is no loss", () => {
    expect(missedOf([...grid(0, 50), 7 + 52.9 * 0.02, ...grid(51, 100)])).toBe(0);
  });

  test("jitter below half an interval and a rate that is a little off raise no alarm (property)", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -0.35, max: 0.35, noNaN: true }), { maxLength: 300 }),
        fc.double({ min: -2e-3, max: 2e-3, noNaN: true }),
        (jitter, off) => {
          expect(missedOf(jitter.map((each, i) => 100 + (i * (1 + off) + each) * 0.02))).toBe(0);
        },
      ),
    );
  });
});

describe("Backlog", () => {
  const samples = (...times: number[]) => ({
    times: Float64Array.from(times),
    values: Float64Array.from(times.flatMap((time) => [time, -time])),
  });

  test("keeps what is young enough, counts what is not", () => {
    const backlog = new Backlog(2, 0.5);
    backlog.push(samples(1, 1.1, 1.2));
    backlog.push(samples(1.65));
    expect(backlog.takeFlushed()).toBe(2);
    expect(backlog.takeFlushed()).toBe(0);
    expect(backlog.shift()).toEqual(samples(1.2));
    expect(backlog.shift()).toEqual(samples(1.65));
    expect(backlog.shift()).toBeUndefined();
  });

  test("a burst of old data is cut to its newest part", () => {
    const backlog = new Backlog(2, 0.5);
    backlog.push(samples(1, 2, 3, 3.6, 4));
    expect(backlog.takeFlushed()).toBe(3);
    expect(backlog.shift()).toEqual(samples(3.6, 4));
  });

  test("every sample is handed on or counted (property)", () => {
    const steps = fc.array(
      fc.tuple(fc.array(fc.double({ min: 0, max: 0.4, noNaN: true }), { maxLength: 5 }), fc.boolean()),
    );
    fc.assert(
      fc.property(steps, (pushes) => {
        const backlog = new Backlog(2, 0.5);
        let [time, came, left] = [0, 0, 0];
        for (const [deltas, read] of pushes) {
          const times = deltas.map((delta) => (time += delta));
          came += times.length;
          backlog.push(samples(...times));
          if (read) left += backlog.shift()?.times.length ?? 0;
        }
        while (!backlog.empty) left += backlog.shift()?.times.length ?? 0;
        expect(left + backlog.takeFlushed()).toBe(came);
      }),
    );
  });
});

describe("grid of a regular outlet", () => {
  test("fills the slots of frames that were not decoded, not a pause", () => {
    const grid = createGrid(2, 0.04);
    expect(grid(10, 1)).toEqual([]);
    expect(grid(12, 1.04)).toEqual([]);
    expect(grid(18, 1.16)).toEqual([1.08, 1.12].map((stamp) => expect.closeTo(stamp, 9)));
    expect(grid(218, 5.16)).toEqual([]);
    expect(grid(220, 0)).toEqual([]);
  });
});
