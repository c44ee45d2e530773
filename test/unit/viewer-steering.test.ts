import { beforeEach, describe, expect, test } from "vitest";
import { SEND_EVERY_MS, Steering } from "../../clients/viewer/lib/steering.ts";
import type { ClientBodies, SteeredBody } from "../../src/protocol/messages.ts";

let nowMs: number;
let sent: ClientBodies["steer"][];
let connected: boolean;
let timers: { atMs: number; then: () => void }[];
let steering: Steering;

/** Lets time pass up to `toMs`. */
function pass(toMs: number): void {
  for (const timer of [...timers].filter(({ atMs }) => atMs <= toMs)) {
    timers.splice(timers.indexOf(timer), 1);
    nowMs = timer.atMs;
    timer.then();
  }
  nowMs = toMs;
}

function acknowledge(id: number | null, gamma: number[], seq: number, mine = true): void {
  const body: SteeredBody = { id, by: mine ? 1 : 2, gamma, guidance: 2, seq, bin: 2 * seq, atMs: 0 };
  steering.steered(body, mine);
}

beforeEach(() => {
  let id = 1;
  [nowMs, sent, connected, timers] = [1000, [], true, []];
  steering = new Steering({
    send: (body) => {
      if (connected) sent.push(body);
      return connected;
    },
    nextId: () => id++,
    nowMs: () => nowMs,
    later: (then, delayMs) => {
      const timer = { atMs: nowMs + delayMs, then };
      timers.push(timer);
      return () => timers.splice(timers.indexOf(timer), 1);
    },
  });
  steering.restarted(2, 2);
});

describe("steering by an operator", () => {
  test("a change is shown at once, is pending until its frame, and then holds", () => {
    steering.setGamma(1, 1.5);
    expect(sent).toEqual([{ gamma: [0, 1.5], guidance: 2, id: 1 }]);
    expect([steering.values.gamma, steering.phase]).toEqual([[0, 1.5], "sending"]);
    acknowledge(1, [0, 1.5], 40);
    expect([steering.values.gamma, steering.phase, steering.acknowledged?.seq]).toEqual([[0, 1.5], "following", 40]);
  });

  test("many changes make one message in a tenth of a second, and the last one is always sent", () => {
    for (let i = 1; i <= 30; i++) {
      pass(1000 + 10 * i);
      steering.setGamma(0, i / 10);
    }
    pass(5000);
    expect(sent.length).toBeLessThanOrEqual(1 + 300 / SEND_EVERY_MS);
    expect(sent.at(-1)?.gamma).toEqual([3, 0]);
  });

  test("the answer to an earlier change does not pull the slider back", () => {
    steering.setGamma(0, 1);
    pass(1050);
    steering.setGamma(0, 2);
    acknowledge(1, [1, 0], 40);
    expect([steering.values.gamma, steering.phase]).toEqual([[2, 0], "sending"]);
    pass(1100);
    acknowledge(2, [2, 0], 41);
    expect([steering.values.gamma, steering.phase]).toEqual([[2, 0], "following"]);
  });

  test("of several operators the last one wins, and sliders follow", () => {
    acknowledge(7, [0, -1], 40, false);
    expect([steering.values.gamma, steering.phase]).toEqual([[0, -1], "following"]);
  });

  test("frames say what holds to a page that came later, and an older frame does not undo an answer", () => {
    steering.frame(10, [0.5, 0], 3);
    expect(steering.values).toEqual({ gamma: [0.5, 0], guidance: 3 });
    acknowledge(9, [1, 0], 12, false);
    steering.frame(11, [0.5, 0], 3);
    expect(steering.values.gamma).toEqual([1, 0]);
  });

  test("what is refused goes back to what holds, with the reason", () => {
    steering.setGuidance(3);
    expect(steering.refused(99, "not ours")).toBe(false);
    expect(steering.refused(1, "PROTOCOL_FORBIDDEN: operators only")).toBe(true);
    expect([steering.values.guidance, steering.phase]).toEqual([2, "refused"]);
    expect(steering.refusal).toBe("PROTOCOL_FORBIDDEN: operators only");
  });

  test("without a connection nothing is kept for later", () => {
    steering.setGamma(0, 1);
    steering.setGamma(0, 2);
    steering.down();
    pass(5000);
    expect(sent).toHaveLength(1);
    connected = false;
    steering.setGamma(0, 3);
    expect([steering.values.gamma, steering.phase]).toEqual([[0, 0], "refused"]);
  });
});
