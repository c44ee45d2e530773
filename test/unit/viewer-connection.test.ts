import { describe, expect, test } from "vitest";
import { backoffMs, LONGEST_MS, SHORTEST_MS } from "../../clients/viewer/lib/backoff.ts";
import { ServerClock } from "../../clients/viewer/lib/clock.ts";

describe("back-off of the viewer", () => {
  test("doubles from 250 ms and stays at 4 s", () => {
    const middle = [0, 1, 2, 3, 4, 5, 40].map((attempt) => backoffMs(attempt, 0.5));
    expect(middle).toEqual([250, 500, 1000, 2000, 4000, 4000, 4000]);
  });

  test("jitter moves it by a quarter, never out of its bounds", () => {
    expect(backoffMs(2, 0)).toBe(750);
    expect(backoffMs(2, 0.999)).toBeCloseTo(1249.5, 1);
    for (const random of [0, 0.3, 0.999])
      for (let attempt = 0; attempt < 12; attempt++) {
        expect(backoffMs(attempt, random)).toBeGreaterThanOrEqual(SHORTEST_MS);
        expect(backoffMs(attempt, random)).toBeLessThanOrEqual(LONGEST_MS);
      }
  });
});

describe("clock of the viewer", () => {
  test("knows nothing before the first reading", () => {
    expect(new ServerClock().toServer(10)).toBeNull();
  });

  test("hello gives a first guess that any ping replaces", () => {
    const clock = new ServerClock();
    clock.seed(100, 5000);
    expect(clock.toServer(100)).toBe(5000);
    clock.add(200, 240, 5110);
    expect(clock.rttMs).toBe(40);
    expect(clock.toServer(220)).toBe(5110);
  });

  test("believes the shortest round trip of the newest twelve pings", () => {
    const clock = new ServerClock();
    clock.add(0, 2, 1001);
    clock.add(100, 180, 1170);
    expect(clock.toServer(0)).toBe(1000);
    for (let i = 0; i < 12; i++) clock.add(1000 + i, 1010 + i, 2105 + i);
    expect(clock.toServer(0)).toBe(1100);
  });

  test("a clock that ran backwards is no reading", () => {
    const clock = new ServerClock();
    clock.add(50, 40, 1000);
    expect(clock.toServer(0)).toBeNull();
  });
});
