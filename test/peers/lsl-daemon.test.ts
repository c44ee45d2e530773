import { randomUUID } from "node:crypto";
import { afterEach, beforeAll, expect, test } from "vitest";
import { balances } from "../../src/ledger.ts";
import { freePortPair, type RunningDaemon, startDaemon, startRig } from "../integration/processes.ts";
import { TestViewer } from "../integration/test-viewer.ts";
import { installPeers, PeerProcess } from "./peer-process.ts";

const peers: PeerProcess[] = [];
let daemon: RunningDaemon | undefined;

beforeAll(installPeers, 10 * 60_000);
afterEach(async () => {
  await daemon?.[Symbol.asyncDispose]();
  for (const peer of peers.splice(0)) await peer.end();
});

function start(...args: string[]): PeerProcess {
  const peer = new PeerProcess(args);
  peers.push(peer);
  return peer;
}

test("counts by LSL in, pictures to a viewer, latents and markers by LSL out", { timeout: 120_000 }, async () => {
  const id = randomUUID();
  await start("outlet", "--source-id", id, "--units", "8", "--samples", "100000").said("ready");
  const name = `test-${id.slice(0, 8)}`;
  daemon = await startDaemon(0, {
    source: { kind: "lsl", options: { stream: { sourceId: id }, layout: "counts" } },
    outputs: { lsl: { enabled: true, name } },
  });
  const latents = start("inlet", "--source-id", `phosphene:${name}:latents`, "--samples", "25");
  const markers = start("inlet", "--source-id", `phosphene:${name}:markers`, "--samples", "60");
  await Promise.all([latents.said("connected"), markers.said("connected")]);
  await using viewer = await TestViewer.connect(daemon.streamUrl, "frame");
  const frame = await viewer.next("frame", ({ state }) => state !== "late", 0);
  viewer.send("shown", { seq: frame.seq, atMs: frame.stamps.closed + 40 });

  const { samples, stamps, rate, channels } = await latents.said("samples");
  expect(rate).toBe(25);
  expect((channels as { label: string }[]).map(({ label }) => label)).toContain("content-1.1");
  expect((samples as number[][]).every((sample) => sample.length === 8)).toBe(true);
  const steps = (stamps as number[]).slice(1).map((stamp, i) => stamp - (stamps as number[])[i]!);
  expect(steps.every((step) => step > 0)).toBe(true);

  const marked = ((await markers.said("samples")).samples as string[][]).map(([text]) => JSON.parse(text!));
  const seqs = marked.filter(({ marker }) => marker === "frame").map(({ seq }) => seq);
  expect(seqs).toEqual(seqs.map((_, i) => seqs[0] + i));
  expect(marked).toContainEqual({ marker: "shown", seq: frame.seq });

  const { source, ledger, outputs } = await daemon.status();
  const [output] = outputs;
  expect(output).toMatchObject({ name: "lsl", merged: 0, late: 0, failed: 0, pending: 0 });
  expect(output!.sent).toBe(output!.offered);
  expect(output!.latency.n).toBe(output!.sent);
  expect(source).toMatchObject({ kind: "lsl", state: "live", counters: { malformed: 0, flushed: 0, restarts: 0 } });
  expect(source.counters.samples).toBe(source.counters.messages);
  expect(balances(ledger)).toBe(true);
});

test("counts by LSL beside the spikes of an Open Ephys rig: decoded as one source", { timeout: 120_000 }, async () => {
  const id = randomUUID();
  await start("outlet", "--source-id", id, "--units", "8", "--samples", "100000").said("ready");
  const port = await freePortPair();
  await using _rig = await startRig(port);
  const options = { stream: { sourceId: id }, layout: "counts" };
  daemon = await startDaemon(port, {
    source: { name: "rig", options: { endpoint: `tcp://127.0.0.1:${port}` } },
    otherSources: [{ name: "counts", kind: "lsl", options }],
  });
  await using viewer = await TestViewer.connect(daemon.streamUrl, "frame", "event", "spikes");
  await viewer.next("event", ({ text }) => text === "source counts live", 0);
  await viewer.next("frame", ({ silentUnits, source }) => silentUnits === 0 && source === "rig+counts");
  const { sources, source, ledger } = await daemon.status();
  expect(sources.map(({ state }) => state)).toEqual(["live", "live"]);
  expect(sources[1]!.counters.samples).toBeGreaterThan(0);
  expect(source.counters).toMatchObject({ malformed: 0, restarts: 0 });
  expect(balances(ledger)).toBe(true);
});

test("a stream that does not fit is refused by name, and the daemon goes on", { timeout: 120_000 }, async () => {
  const id = randomUUID();
  await start("outlet", "--source-id", id, "--units", "9", "--samples", "100000").said("ready");
  daemon = await startDaemon(0, {
    source: { kind: "lsl", options: { stream: { sourceId: id }, layout: "counts" } },
  });
  await daemon.process.saw(/source rig is not used: \[SOURCE_MISMATCH\]/);
  const { source } = await daemon.status();
  expect(source.detail).toContain("expected 8 channels, as many as the bundle has units, got 9");
});
