import { afterAll, beforeAll, expect, test } from "vitest";
import type { FrameBody } from "../../src/protocol/messages.ts";
import { freePortPair, type Running, type RunningDaemon, startDaemon, startRig, TINY_OPTIMISE } from "./processes.ts";
import { TestViewer } from "./test-viewer.ts";

let rig: Running;
let daemon: RunningDaemon;
let port: number;

beforeAll(async () => {
  port = await freePortPair();
  rig = await startRig(port);
  daemon = await startDaemon(port, { bundle: TINY_OPTIMISE });
});
afterAll(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await rig?.[Symbol.asyncDispose]();
});

const histories = (frames: readonly FrameBody[]) => frames.filter(({ held }) => held === null).map((f) => f.history);

test("frames of a decoder with a history count what they depend on, and begin anew when the source was lost", async () => {
  await using viewer = await TestViewer.connect(daemon.streamUrl, "frame", "event");
  const hello = await viewer.next("hello", () => true, 0);
  expect(hello.bundle.latents).toEqual({ dimension: 0, groups: [] });
  expect(Object.keys(hello.bundle.evidence.missing)).toEqual(["bits", "atypicality"]);
  const later = await viewer.next("frame", ({ history }) => history >= 10);
  expect([later.mu.length, later.logvar.length, later.bits, later.atypicality]).toEqual([0, 0, [], null]);
  expect(later.explained).toEqual(expect.any(Number));
  await rig.stop("SIGKILL");
  await viewer.next("event", ({ text }) => text === "source lost");
  const lost = viewer.messages.length;
  rig = await startRig(port);
  await viewer.next("frame", ({ history }) => history >= 3, lost);
  const after = viewer.messages.slice(lost).filter((message) => message.type === "frame");
  // What was still in flight when the loss was said continues the old history.
  const anew = histories(after).lastIndexOf(0);
  expect(anew).toBeGreaterThanOrEqual(0);
  const since = histories(after).slice(anew);
  expect(since).toEqual([...since].sort((a, b) => a - b));
  const { ledger } = await daemon.status();
  expect(ledger.failed).toBe(0);
});
