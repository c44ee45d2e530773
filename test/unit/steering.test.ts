import { describe, expect, test } from "vitest";
import { Steering } from "../../daemon/steering.ts";

const RANGE = { default: 1.5, min: 1, max: 3 };
const ask = (gamma: number[], guidance: number | null = null, id: number | null = null) => ({ gamma, guidance, id });
const at = (seq: number) => ({ seq, bin: 2 * seq, atMs: 20 * seq });

describe("steering", () => {
  test("holds from the next window: zeros and the default weight until then", () => {
    const steering = new Steering(2, RANGE);
    const before = steering.state;
    steering.steer(ask([1, -1], 3), 7);
    expect(before).toEqual({ gamma: [0, 0], guidance: 1.5, version: 0 });
    expect(steering.state).toEqual({ gamma: [1, -1], guidance: 3, version: 1 });
    steering.steer(ask([1, -1]), 7);
    expect(steering.state.guidance).toBe(1.5);
  });

  test("is acknowledged by the first frame that was decoded with it, each change once, in order", () => {
    const steering = new Steering(1, RANGE);
    steering.steer(ask([1], null, 10), 7);
    steering.steer(ask([2], 2, 11), 8);
    // A frame that was dispatched before both.
    expect(steering.written(0, at(4))).toEqual([]);
    const dispatched = steering.state.version;
    steering.steer(ask([3]), 7);
    expect(steering.written(dispatched, at(5))).toEqual([
      { id: 10, by: 7, gamma: [1], guidance: 1.5, seq: 5, bin: 10, atMs: 100 },
      { id: 11, by: 8, gamma: [2], guidance: 2, seq: 5, bin: 10, atMs: 100 },
    ]);
    expect(steering.written(steering.state.version, at(6))).toEqual([
      { id: null, by: 7, gamma: [3], guidance: 1.5, seq: 6, bin: 12, atMs: 120 },
    ]);
    expect(steering.written(steering.state.version, at(7))).toEqual([]);
  });

  test.each([
    ["another number of groups", RANGE, ask([1]), "steer.gamma: expected 2 numbers, one per latent group, got 1"],
    ["a weight beyond the range", RANGE, ask([1, 1], 3.1), "steer.guidance: expected 1 to 3, got 3.1"],
    ["a weight without guidance", null, ask([1, 1], 1), "steer.guidance: expected null: the bundle has no guidance"],
  ])("refuses %s and stays as it was", (_, range, request, problem) => {
    const steering = new Steering(2, range);
    const before = steering.state;
    expect(() => steering.steer(request, 1)).toThrow(`[PROTOCOL_MALFORMED] ${problem}`);
    expect(steering.state).toBe(before);
    expect(steering.written(9, at(1))).toEqual([]);
  });

  test("is bounded while no frame comes, and takes more once one has", () => {
    const steering = new Steering(1, null);
    for (let i = 0; i < 256; i++) steering.steer(ask([i / 100]), 1);
    expect(() => steering.steer(ask([9]), 1)).toThrow(/PROTOCOL_RATE.*at most 256 that wait for a frame/);
    expect(steering.state.gamma).toEqual([2.55]);
    expect(steering.written(256, at(0))).toHaveLength(256);
    steering.steer(ask([9]), 1);
    expect(steering.state.gamma).toEqual([9]);
  });
});
