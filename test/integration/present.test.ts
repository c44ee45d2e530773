import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect } from "../../clients/ts/index.ts";
import { FINALS, GENERATION, runExperiment } from "../../examples/closed-loop/experiment.ts";
import { groupObjective, unitObjective } from "../../examples/closed-loop/objective.ts";
import { learningCurve } from "../../examples/closed-loop/report.ts";
import { loadEncoder } from "../../rig/encoder.ts";
import { readSession } from "../../rig/session.ts";
import { copyFloat32 } from "../../src/protocol/bins.ts";
import { freePortPair, type Running, type RunningDaemon, startDaemon, startRig, TINY } from "./processes.ts";
import { TestViewer } from "./test-viewer.ts";

const SIDE = 16;
/** How long spikes are counted after an onset, s. */
const COUNTED_S = 0.8;
const GREEN = [0, 255, 0];
const WHITE = [255, 255, 255];

let rig: Running;
let daemon: RunningDaemon;
let presentPort: number;
let dataPort: number;

const startInteractive = () => startRig(dataPort, "--interactive", "--present-port", String(presentPort));

beforeAll(async () => {
  [dataPort, presentPort] = [await freePortPair(), await freePortPair()];
  rig = await startInteractive();
  daemon = await startDaemon(dataPort, { present: { endpoint: `tcp://127.0.0.1:${presentPort}` } });
});
afterAll(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await rig?.[Symbol.asyncDispose]();
});

function flat(colour: readonly number[]) {
  const image = Uint8Array.from({ length: 3 * SIDE * SIDE }, (_, i) => colour[i % 3] ?? 0);
  return { width: SIDE, height: SIDE, image };
}

/** Shows a picture, and counts every unit's spikes in the time after its onset by the rig's clock. */
async function respond(viewer: TestViewer, id: number, colour: readonly number[]) {
  const from = viewer.messages.length;
  viewer.send("present", { id, ...flat(colour) });
  const { stimulus } = await viewer.next("presented", (message) => message.id === id, from);
  const event = await viewer.next("event", ({ text }) => text === `stimulus ${stimulus}`, from);
  const onsetS = event.sourceS ?? Number.NaN;
  await viewer.next("spikes", ({ startS, widthMs }) => startS + widthMs / 1_000 >= onsetS + COUNTED_S, from);
  const counts = new Array<number>(8).fill(0);
  for (const message of viewer.messages.slice(from)) {
    if (message.type !== "spikes") continue;
    const { units, startS } = message;
    for (const [i, offsetMs] of copyFloat32(message.offsetsMs).entries()) {
      const atS = startS + offsetMs / 1_000 - onsetS;
      if (atS >= 0 && atS < COUNTED_S) counts[(units[2 * i] ?? 0) + 256 * (units[2 * i + 1] ?? 0)]!++;
    }
  }
  return { stimulus, event, counts };
}

test("a picture goes to the rig, comes on, is served, enters lineage, and its spikes come back", async () => {
  await using viewer = await TestViewer.connect(daemon.streamUrl, "event", "spikes", "frame");
  expect(await viewer.next("hello", () => true, 0)).toMatchObject({ present: true, role: "operator" });
  await viewer.next("frame", () => true, 0);
  const green = await respond(viewer, 1, GREEN);
  const white = await respond(viewer, 2, WHITE);
  expect([green.stimulus, white.stimulus]).toEqual(["live-0", "live-1"]);
  const url = "/stimuli/live-1";
  expect(white.event.stimulus).toEqual({ id: "live-1", url });
  const picture = await fetch(`${daemon.url}${url}`);
  expect(picture.headers.get("content-type")).toBe("image/png");
  expect([...new Uint8Array(await picture.arrayBuffer()).subarray(1, 4)]).toEqual(
    [..."PNG"].map((c) => c.charCodeAt(0)),
  );
  expect((await fetch(`${daemon.url}/stimuli/live-2`)).status).toBe(404);
  await viewer.next("frame", ({ event }) => (event?.n ?? -1) >= white.event.n, 0);

  // The cells must tell the two apart as the encoding model does: by more than chance would.
  const folder = join(TINY, "session");
  const session = await readSession(folder);
  if (session.kind !== "simulated") throw new Error("expected a simulated session");
  const encode = await loadEncoder(folder, session);
  const [onGreen, onWhite] = [await encode(flat(GREEN)), await encode(flat(WHITE))];
  for (const [unit, hz] of onGreen.entries()) {
    const differenceHz = hz - (onWhite[unit] ?? 0);
    if (Math.abs(differenceHz) < 40) continue;
    const [few, many] = differenceHz > 0 ? [white, green] : [green, white];
    expect(many.counts[unit]).toBeGreaterThan((few.counts[unit] ?? 0) + 10);
  }
});

test("an experiment closes the loop unattended: as many points in its curve as trials, and its best picture can be fetched", async () => {
  using client = connect(daemon.url);
  const hello = await client.opened();
  const objective = unitObjective(hello, hello.bundle.unitLabels[3] ?? "");
  const { records, best, bestStimulus, means } = await runExperiment({
    client,
    objective,
    trials: GENERATION,
    seed: 1,
  });
  expect(records.length).toBe(GENERATION + FINALS);
  expect(means.length).toBe(1);
  expect([best.width, best.height]).toEqual([SIDE, SIDE]);
  for (const { score, stimulus, shownMs, respondedMs } of records) {
    expect(score).toBeGreaterThanOrEqual(0);
    expect(stimulus).toMatch(/^live-\d+$/);
    expect(respondedMs).toBeGreaterThan(shownMs);
  }
  expect(new Set(records.map(({ stimulus }) => stimulus)).size).toBe(records.length);
  const svg = learningCurve("Closed loop", objective.scale, records);
  expect(svg.match(/<circle /g)?.length).toBe(records.length);
  expect((await client.get(`/stimuli/${bestStimulus}`)).headers.get("content-type")).toBe("image/png");
});

test("the same with a group of latents: every trial is scored by the frame whose window lies in its response", async () => {
  using client = connect(daemon.url);
  const hello = await client.opened();
  const objective = groupObjective(hello, hello.bundle.latents.groups[0]?.name ?? "");
  const { records } = await runExperiment({ client, objective, trials: 1, seed: 2 });
  expect(records.length).toBe(GENERATION + FINALS);
  expect(Math.min(...records.map(({ score }) => score))).toBeGreaterThan(0);
  expect(new Set(records.map(({ score }) => score)).size).toBeGreaterThan(records.length / 2);
});

test("without its rig a picture is refused, with it back it is shown", async () => {
  await using viewer = await TestViewer.connect(daemon.streamUrl, "event", "status");
  await viewer.next("hello", () => true, 0);
  await rig.stop();
  await viewer.next("event", ({ text }) => text === "source lost", 0);
  viewer.send("present", { id: 7, ...flat(GREEN) });
  expect(await viewer.next("error", () => true, 0)).toMatchObject({ code: "PRESENT_UNAVAILABLE", id: 7 });
  rig = await startInteractive();
  const from = viewer.messages.length;
  await viewer.next("event", ({ text }) => text === "source live", 0);
  // Two connections come back, each in its own time.
  for (let id = 8; ; id++) {
    viewer.send("present", { id, ...flat(GREEN) });
    const answer = await viewer.any((message) => "id" in message && message.id === id, from);
    if (answer.type !== "presented") {
      await viewer.next("status");
      continue;
    }
    await viewer.next("event", ({ text }) => text === `stimulus ${answer.stimulus}`, from);
    break;
  }
});
