import { expect, test } from "vitest";
import { rigOptionsOf } from "../../rig/main.ts";
import { parseRigOptions, type RigOptions } from "../../rig/options.ts";
import { pace } from "../../rig/pace.ts";
import { heartbeatAnswer } from "../../rig/publisher.ts";

test("blocks come when due, and after a stall all that are due come at once", async () => {
  let clock = 1_000;
  const stop = new AbortController();
  const waits: number[] = [];
  const blocks: [number, number][] = [];
  const sleep = async (ms: number) => {
    waits.push(ms);
    clock += ms + 0.4;
  };
  for await (const block of pace({ blockMs: 10, speed: 2, now: () => clock, sleep }, stop.signal)) {
    blocks.push([block, clock - 1_000]);
    if (block === 1) clock += 18;
    if (block === 6) stop.abort();
  }
  // 5 ms apart at twice the speed; lateness of a timer (0.4) does not add up.
  expect(blocks.map(([block]) => block)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(blocks.map(([, at]) => Number(at.toFixed(1)))).toEqual([5.4, 10.4, 28.4, 28.4, 28.4, 30.4, 35.4]);
});

test("the plugin's answers", () => {
  expect(heartbeatAnswer('{"application":"a","uuid":"u","type":"heartbeat"}')).toBe("heartbeat received");
  expect(heartbeatAnswer('{"application":"a","uuid":"u","type":"event","event":{}}')).toBe("message correctly parsed");
  expect(heartbeatAnswer("{")).toBe("JSON message could not be read");
  expect(heartbeatAnswer("[1]")).toBe("JSON message could not be read");
});

test("flags become options, and mistakes are named", () => {
  expect(rigOptionsOf(["--session", "s", "--port", "6000", "--block-ms", "5"])).toEqual({
    session: "s",
    port: 6000,
    blockMs: 5,
  });
  expect(() => parseRigOptions({ session: "s", port: 0, speed: -1 })).toThrow(/CONFIG_INVALID.*port.*speed/);
  expect(parseRigOptions({}).session).toMatch(/models\/demo\/session$/);
  expect(parseRigOptions({ recording: "r" }).session).toBeUndefined();
  expect(() => parseRigOptions({ session: "s", nosuch: 1 } as RigOptions)).toThrow(/nosuch/);
});
