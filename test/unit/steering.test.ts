import { describe, expect, test } from "vitest";
import { Acknowledgements } from "../../daemon/acknowledgements.ts";
import { Steering } from "../../daemon/steering.ts";

const RANGE = { default: 1.5, min: 1, max: 3 };
const ask = (gamma: number[], guidance: number | null = null, id: number | null = null) => ({ gamma, guidance, id });
const at = (seq: number) => ({ seq, bin: 2 * seq, atMs: 20 * seq });

function setup(groups: number, range: typeof RANGE | null) {
  const changes = new Acknowledgements();
  return { changes, steering: new Steering(groups, range, changes) };
}

describe("steering", () => {
  test("holds from the next window: zeros and the default weight until then", () => {
    const { steering, changes } = setup(2, RANGE);
    const before = steering.state;
    expect(changes.version).toBe(0);
    steering.steer(ask([1, -1], 3), 7);
    expect(before).toEqual({ gamma: [0, 0], guidance: 1.5 });
    expect(steering.state).toEqual({ gamma: [1, -1], guidance: 3 });
    expect(changes.version).toBe(1);
    steering.steer(ask([1, -1]), 7);
    expect(steering.state.guidance).toBe(1.5);
  });

  test("is acknowledged by the first frame that was decoded with it, each change once, in order", () => {
    const { steering, changes } = setup(1, RANGE);
    const told = (version: number, seq: number) => changes.written(version, at(seq)).map(({ body }) => body);
    steering.steer(ask([1], null, 10), 7);
    steering.steer(ask([2], 2, 11), 8);
    // A frame that was dispatched before both.
    expect(told(0, 4)).toEqual([]);
    const dispatched = changes.version;
    steering.steer(ask([3]), 7);
    expect(told(dispatched, 5)).toEqual([
      { id: 10, by: 7, gamma: [1], guidance: 1.5, seq: 5, bin: 10, atMs: 100 },
      { id: 11, by: 8, gamma: [2], guidance: 2, seq: 5, bin: 10, atMs: 100 },
    ]);
    expect(told(changes.version, 6)).toEqual([
      { id: null, by: 7, gamma: [3], guidance: 1.5, seq: 6, bin: 12, atMs: 120 },
    ]);
    expect(told(changes.version, 7)).toEqual([]);
  });

  test.each([
    ["another number of groups", RANGE, ask([1]), "steer.gamma: expected 2 numbers, one per latent group, got 1"],
    ["a weight beyond the range", RANGE, ask([1, 1], 3.1), "steer.guidance: expected 1 to 3, got 3.1"],
    ["a weight without guidance", null, ask([1, 1], 1), "steer.guidance: expected null: the bundle has no guidance"],
  ])("refuses %s and stays as it was", (_, range, request, problem) => {
    const { steering, changes } = setup(2, range);
    const before = steering.state;
    expect(() => steering.steer(request, 1)).toThrow(`[PROTOCOL_MALFORMED] ${problem}`);
    expect(steering.state).toBe(before);
    expect(changes.written(9, at(1))).toEqual([]);
  });

  test("is bounded while no frame comes, and takes more once one has", () => {
    const { steering, changes } = setup(1, null);
    for (let i = 0; i < 256; i++) steering.steer(ask([i / 100]), 1);
    expect(() => steering.steer(ask([9]), 1)).toThrow(/PROTOCOL_RATE.*fewer changes that wait for a frame/);
    expect(steering.state.gamma).toEqual([2.55]);
    expect(changes.written(256, at(0))).toHaveLength(256);
    steering.steer(ask([9]), 1);
    expect(steering.state.gamma).toEqual([9]);
  });

  test("is zero again with another bundle's groups and range, and who waits still hears of a change before that", () => {
    const { steering, changes } = setup(1, RANGE);
    steering.steer(ask([3], 2, 10), 7);
    changes.add({ type: "switched", body: { id: 11, by: 8, bundle: "other", digest: "d" } });
    steering.restart(2, null, 8);
    expect(steering.state).toEqual({ gamma: [0, 0], guidance: null });
    expect(() => steering.steer(ask([1]), 1)).toThrow(/gamma: expected 2 numbers/);
    const told = changes.written(changes.version, at(5));
    expect(told.map(({ type }) => type)).toEqual(["steered", "switched", "steered"]);
    expect(told.map(({ body }) => [body.id, body.by, body.seq])).toEqual([
      [10, 7, 5],
      [11, 8, 5],
      [null, 8, 5],
    ]);
    expect(told[2]!.body).toMatchObject({ gamma: [0, 0], guidance: null });
  });
});
