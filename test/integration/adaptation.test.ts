import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readBundleOf } from "../../daemon/bundle.ts";
import { readTargets } from "../../daemon/decoder/targets.ts";
import { Lessons } from "../../src/decode/lessons.ts";
import { balances } from "../../src/ledger.ts";
import { copyFloat32 } from "../../src/protocol/bins.ts";
import type { FrameBody } from "../../src/protocol/messages.ts";
import { movedSession } from "./moved-session.ts";
import { freePortPair, Running, type RunningDaemon, startDaemon } from "./processes.ts";
import { TestViewer } from "./test-viewer.ts";

const MODELS = fileURLToPath(new URL("../../models", import.meta.url));
const IDS = ["animals-rendering-00", "cars-rendering-01", "faces-rendering-02"];
/** Lessons until it is looked at: some 4 s. */
const LESSONS = 100;

let session: string;
let rig: Running;
let daemon: RunningDaemon;
let targets: ReadonlyMap<string, { latents: Float32Array }>;

beforeAll(async () => {
  const port = await freePortPair();
  session = movedSession(`${MODELS}/demo/session`, IDS, 128, { onMs: 300, offMs: 300 });
  const { manifest } = await readBundleOf(`${MODELS}/demo-linear`, "linear");
  ({ stimuli: targets } = await readTargets(`${MODELS}/demo-linear`, manifest));
  rig = new Running(["daemon/main.ts", "rig", "--port", String(port), "--session", session]);
  await rig.saw(/rig: publishing/);
  daemon = await startDaemon(port, {
    bundle: `${MODELS}/demo-linear`,
    stimuli: session,
    decode: { everyBins: 1 },
    adapt: { forgetting: 0.999, penalty: 10 },
  });
});
afterAll(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await rig?.[Symbol.asyncDispose]();
  rmSync(session, { recursive: true, force: true });
});

/** Mean squared error of the latents of frames that are wholly responses to a known picture. */
function error(viewer: TestViewer, wanted: (frame: FrameBody) => boolean): number {
  const lessons = new Lessons({ fromMs: 100, untilMs: 50, blankFromMs: 250 });
  const errors: number[] = [];
  for (const message of viewer.messages) {
    if (message.type === "event" && message.sourceS !== null)
      lessons.event({ event: "text", text: message.text, time: message.sourceS });
    if (message.type !== "frame" || !wanted(message)) continue;
    const [startS, endS] = message.sourceS;
    const target = targets.get(lessons.of({ first: { startS }, last: { endS }, silent: null }) ?? "")?.latents;
    if (target !== undefined)
      errors.push(copyFloat32(message.mu).reduce((sum, z, d) => sum + (z - target[d]!) ** 2, 0));
  }
  expect(errors.length).toBeGreaterThan(5);
  return errors.reduce((sum, value) => sum + value, 0) / errors.length;
}

test("half of the units moved: the daemon learns from known stimuli what they tell now, keeps it, and forgets it", async () => {
  await using viewer = await TestViewer.connect(daemon.streamUrl, "frame", "event");
  // Three stimuli of 600 ms.
  await viewer.next("event", ({ stimulus }) => stimulus?.id === IDS[0], 0);
  for (let i = 0; i < 90; i++) await viewer.next("frame");
  expect((await daemon.status()).adaptation).toEqual({ possible: true, on: false, updates: 0, why: null });
  expect(viewer.messages.every((message) => message.type !== "frame" || message.history === 0)).toBe(true);

  viewer.send("adapt", { id: 1, on: true });
  expect(await viewer.next("adapted")).toMatchObject({ id: 1, on: true, updates: 0 });
  await viewer.next("frame", ({ history }) => history >= LESSONS);
  viewer.send("adapt", { id: 2, on: false });
  const { updates, seq } = await viewer.next("adapted", ({ id }) => id === 2);
  expect(updates).toBeGreaterThanOrEqual(LESSONS);
  for (let i = 0; i < 90; i++) expect((await viewer.next("frame", (frame) => frame.seq >= seq)).history).toBe(updates);
  const [before, after] = [
    error(viewer, ({ history }) => history === 0),
    error(viewer, ({ history }) => history === updates),
  ];
  expect(after).toBeLessThan(0.6 * before);

  viewer.send("adapt", { id: 3, on: null, reset: true });
  const reset = await viewer.next("adapted", ({ id }) => id === 3);
  expect(reset).toMatchObject({ on: false, updates: 0 });
  expect((await viewer.next("frame", (frame) => frame.seq >= reset.seq)).history).toBe(0);
  expect(balances((await daemon.status()).ledger)).toBe(true);
});
