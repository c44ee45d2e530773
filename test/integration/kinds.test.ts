import { afterAll, beforeAll, expect, test } from "vitest";
import { balances } from "../../src/ledger.ts";
import {
  freePortPair,
  type Running,
  type RunningDaemon,
  startDaemon,
  startRig,
  TINY_DIRECT,
  TINY_GUIDED,
  TINY_LINEAR,
  TINY_OPTIMISE,
  TINY_OPTIMISE_PRIOR,
} from "./processes.ts";
import { TestViewer } from "./test-viewer.ts";

let rig: Running;
let daemon: RunningDaemon;

beforeAll(async () => {
  const port = await freePortPair();
  rig = await startRig(port);
  const bundles = [TINY_LINEAR, TINY_DIRECT, TINY_OPTIMISE, TINY_OPTIMISE_PRIOR, TINY_GUIDED];
  daemon = await startDaemon(port, { bundles });
});
afterAll(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await rig?.[Symbol.asyncDispose]();
});

test("one after another, every kind decodes the same spikes: frames of its own shapes, and every bin accounted for", {
  timeout: 120_000,
}, async () => {
  await using viewer = await TestViewer.connect(daemon.streamUrl, "frame", "event");
  await viewer.next("frame", () => true, 0);
  const { decoders } = await daemon.status();
  expect(new Set(decoders.map(({ kind }) => kind)).size).toBe(5);
  for (const [id, { name, kind, digest }] of [...decoders.slice(1), decoders[0]!].entries()) {
    viewer.send("switch", { id, bundle: name });
    const from = viewer.messages.length;
    const answer = await viewer.any((m) => m.type === "switched" || (m.type === "error" && m.id === id), from);
    expect(answer).toMatchObject({ type: "switched", bundle: name, digest });
    const greeted = viewer.messages.findIndex((m, i) => i >= from && m.type === "hello");
    const hello = await viewer.next("hello", () => true, from);
    expect(hello.bundle).toMatchObject({ name, kind, digest, units: 8 });
    // Some frames of its own, none of another.
    for (let i = 0, at = greeted; i < 5; i++) {
      const frame = await viewer.next("frame", () => true, at);
      at = viewer.messages.indexOf(frame) + 1;
      const { latents, image, evidence, readouts } = hello.bundle;
      expect([frame.bundle, frame.width, frame.height]).toEqual([digest, image.width, image.height]);
      expect(frame.mu.length).toBe(4 * latents.dimension);
      expect(frame.bits.length).toBe(evidence.missing.bits === undefined ? latents.groups.length : 0);
      expect(frame.steering).toEqual(latents.groups.map(() => 0));
      expect(Object.keys(frame.readouts)).toEqual(readouts.map((readout) => readout.name));
      if (kind !== "optimise") expect(frame.history).toBe(0);
    }
    if (kind === "optimise") await viewer.next("frame", ({ history }) => history >= 2, greeted);
    const { ledger, decoder } = await daemon.status();
    expect(balances(ledger)).toBe(true);
    expect([ledger.failed, decoder.state, decoder.restarts]).toEqual([0, "ready", 0]);
  }
  const seqs = viewer.messages.flatMap((message) => (message.type === "frame" ? [message.seq] : []));
  expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
  expect((await daemon.status()).switches).toBe(decoders.length);
});
