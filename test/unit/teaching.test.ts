import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { type Bundle, readBundleOf } from "../../daemon/bundle.ts";
import { InProcessHost } from "../../daemon/decoder/in-process.ts";
import { Teaching } from "../../daemon/teaching.ts";
import type { LinearManifest } from "../../src/decode/manifest.ts";
import type { Rgb } from "../../src/decode/planes.ts";
import type { Bin, Window } from "../../src/signal/types.ts";

const MODELS = fileURLToPath(new URL("../../models", import.meta.url));
const SESSION = join(MODELS, "demo/session");
const KNOWN = "animals-rendering-00";
const HELD = "animals-unseen-00";
const picture: Rgb = { width: 2, height: 1, image: Uint8Array.of(255, 0, 0, 0, 0, 255) };

let bundle: Bundle<LinearManifest>;
beforeAll(async () => {
  bundle = await readBundleOf(join(MODELS, "demo-linear"), "linear");
});

/** A host that has started and is on, what teaches it, and files of stimuli by id. */
async function begin(files: Record<string, string> = {}) {
  const { dir, manifest } = bundle;
  const host = new InProcessHost({ dir, manifest, guidance: null, onState: () => {} });
  await host.start();
  host.adapt(true);
  const teaching = new Teaching({
    active: () => ({ bundle, host }),
    lessons: { fromMs: 100, untilMs: 50, blankFromMs: 250 },
    fileOf: (id) => files[id] ?? join(SESSION, `${id}.webp`),
    pictureOf: (id) => (id.startsWith("live-") ? picture : null),
  });
  const show = (id: string, time: number) =>
    teaching.message({ kind: "event", source: "rig", event: "text", text: `stimulus ${id}`, time, receivedAtMs: 0 });
  return { host, teaching, show };
}

/** A window of 100 ms from `startS` on. */
function windowAt(startS: number): Window {
  const bin = (at: number): Bin => ({
    ...{ index: 0, source: "rig", startS: at, endS: at + 0.02, counts: new Uint16Array(256), spikes: 0, epoch: 0 },
    ...{ spikeUnits: new Uint16Array(0), spikeOffsetsMs: new Float32Array(0), lastSpikeAtMs: Number.NaN },
    ...{ arrivedAtMs: 0, closedAtMs: 0, closedBy: "source" },
  });
  const values = Float32Array.from({ length: 5 * 256 }, (_, i) => Math.sin(i));
  return { first: bin(startS), last: bin(startS + 0.08), counts: values, values, silent: null };
}

/** Resolves when the window was taken: once the file of its stimulus has been read. */
async function taken(teaching: Teaching, window: Window): Promise<void> {
  while (!teaching.written(window, bundle.digest)) await new Promise((resolve) => setImmediate(resolve));
}

async function learned(host: InProcessHost, updates: number): Promise<void> {
  while (host.adaptation.updates < updates) await new Promise((resolve) => setImmediate(resolve));
}

test("a window inside the response to a known stimulus is a lesson; the same file must lie there", async () => {
  const { host, teaching, show } = await begin({ "cars-rendering-01": join(SESSION, "birds-rendering-00.webp") });
  show(KNOWN, 1);
  await taken(teaching, windowAt(1.2));
  await learned(host, 1);
  expect((await host.decode({ values: windowAt(0).values, steps: 1, steering: [0, 0, 0, 0] })).history).toBe(1);
  expect(teaching.written(windowAt(1.05), bundle.digest)).toBe(false);
  for (const [id, time] of [
    ["cars-rendering-01", 2],
    [HELD, 3],
    ["faces-rendering-02", 4],
  ] as const) {
    show(id, time);
    if (time < 4) expect(teaching.written(windowAt(time + 0.2), bundle.digest)).toBe(false);
  }
  // Files are read in the order in which they are asked for; the last is known, so that the others have had their time.
  await taken(teaching, windowAt(4.2));
  await learned(host, 2);
  for (const time of [2, 3]) expect(teaching.written(windowAt(time + 0.2), bundle.digest)).toBe(false);
  expect(host.adaptation).toMatchObject({ updates: 2, skipped: 0 });
});

test("a blank and a presented picture are lessons at once; a window of another bundle, before a restart, or while off is none", async () => {
  const { host, teaching, show } = await begin();
  show("live-0", 1);
  expect(teaching.written(windowAt(1.2), bundle.digest)).toBe(true);
  await learned(host, 1);
  show("blank", 2);
  expect(teaching.written(windowAt(2.3), "another digest")).toBe(false);
  expect(teaching.written(windowAt(2.3), bundle.digest)).toBe(true);
  await learned(host, 2);
  host.adapt(false);
  expect(teaching.written(windowAt(2.4), bundle.digest)).toBe(false);
  host.adapt(true);
  teaching.message({ kind: "restart", source: "rig", receivedAtMs: 0 });
  expect(teaching.written(windowAt(2.4), bundle.digest)).toBe(false);
  expect(host.adaptation.updates).toBe(2);
});

test("pictures of other colours have other projections, all of them finite", async () => {
  const { host } = await begin();
  const red = host.project({ width: 1, height: 1, image: Uint8Array.of(255, 0, 0) });
  const blue = host.project({ width: 1, height: 1, image: Uint8Array.of(0, 0, 255) });
  expect(red.length).toBe(43);
  expect(red.every(Number.isFinite)).toBe(true);
  const apart = red.reduce((sum, value, d) => sum + (value - blue[d]!) ** 2, 0);
  expect(apart).toBeGreaterThan(1);
});
