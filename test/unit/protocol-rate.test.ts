import { describe, expect, it } from "vitest";
import { MessageRate, type Verdict } from "../../src/protocol/rate.ts";

function setup(limit: number) {
  const clock = { nowMs: 0 };
  const rate = new MessageRate(limit, () => clock.nowMs);
  const take = (count: number): Verdict[] => Array.from({ length: count }, () => rate.next());
  return { clock, take };
}

describe("message rate", () => {
  it("takes up to the limit every second", () => {
    const { clock, take } = setup(3);
    for (let second = 0; second < 10; second++) {
      clock.nowMs = second * 1000;
      expect(take(3)).toEqual(["take", "take", "take"]);
    }
  });

  it("tells once a second, then ignores", () => {
    const { take } = setup(2);
    expect(take(5)).toEqual(["take", "take", "tell", "ignore", "ignore"]);
  });

  it("closes in the third second in a row over the limit", () => {
    const { clock, take } = setup(1);
    expect(take(2)).toEqual(["take", "tell"]);
    clock.nowMs = 1000;
    expect(take(2)).toEqual(["take", "tell"]);
    clock.nowMs = 2000;
    expect(take(2)).toEqual(["take", "close"]);
  });

  it("forgives after a quiet second", () => {
    const { clock, take } = setup(1);
    for (const nowMs of [0, 2000, 4000, 6000]) {
      clock.nowMs = nowMs;
      expect(take(2)).toEqual(["take", "tell"]);
    }
  });

  it("closes at once on a flood of ten times the limit", () => {
    const { take } = setup(2);
    expect(take(21).at(-1)).toBe("close");
  });
});
