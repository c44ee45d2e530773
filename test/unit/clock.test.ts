import fc from "fast-check";
import { expect, test } from "vitest";
import { ClockMap } from "../../src/signal/clock.ts";

test("the offset is the smallest delay, however much messages are delayed", () => {
  const clock = new ClockMap();
  const delays = [7, 3, 9, 3.5, 4, 12, 3.2];
  for (let i = 0; i < 700; i++) clock.observe(i * 0.01, i * 10 + 500 + delays[i % 7]!);
  expect(clock.offsetMs).toBeCloseTo(503, 1);
  expect(clock.uncertaintyMs).toBeGreaterThan(1);
  expect(clock.uncertaintyMs).toBeLessThan(5);
});

test("mapped time never runs backwards, whatever the jitter (property)", () => {
  const delays = fc.array(fc.double({ min: 0, max: 50, noNaN: true }), { minLength: 2, maxLength: 200 });
  fc.assert(
    fc.property(delays, (all) => {
      const clock = new ClockMap();
      let before = Number.NEGATIVE_INFINITY;
      all.forEach((delay, i) => {
        clock.observe(i * 0.02, i * 20 + delay);
        const mapped = clock.toLocalMs(i * 0.02);
        expect(mapped).toBeGreaterThanOrEqual(before);
        before = mapped;
      });
    }),
  );
});

test("maps there and back", () => {
  const clock = new ClockMap();
  clock.observe(2, 2100);
  expect(clock.toSourceS(clock.toLocalMs(3.5))).toBeCloseTo(3.5, 9);
});
