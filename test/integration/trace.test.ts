import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { TraceEvent, TraceFile } from "../../daemon/trace-events.ts";
import { OUTCOMES } from "../../src/protocol/trace.ts";
import { freePortPair, Running, type RunningDaemon, startDaemon, startRig } from "./processes.ts";
import { TestViewer } from "./test-viewer.ts";

vi.setConfig({ testTimeout: 60_000 });

/** A daemon that decoded some frames, one of them shown, and whose rig is gone: every bin is settled. */
async function playedOut(): Promise<RunningDaemon> {
  const port = await freePortPair();
  await using rig = await startRig(port);
  const daemon = await startDaemon(port, { trace: { bins: 2_000 } });
  onTestFinished(() => daemon[Symbol.asyncDispose]());
  await using viewer = await TestViewer.connect(daemon.streamUrl, "frame", "event");
  const shown = await viewer.next("frame");
  viewer.send("shown", { seq: shown.seq, atMs: shown.stamps.written + 5 });
  await viewer.next("frame", ({ seq }) => seq >= shown.seq + 20);
  const before = viewer.messages.length;
  await rig.stop();
  // It may have come before the rig's process was gone.
  await viewer.next("event", ({ text }) => /lost/.test(text), before);
  // The last windows may still be in the decoder; bins that come now are gated at once.
  await vi.waitFor(async () => expect((await daemon.status()).ledger.inFlight).toBe(0), { timeout: 20_000 });
  return daemon;
}

async function dump(daemon: RunningDaemon, ...args: string[]): Promise<TraceFile> {
  const folder = mkdtempSync(join(tmpdir(), "phosphene-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const out = join(folder, "trace.json");
  await using cli = new Running(["daemon/main.ts", "trace", "--url", daemon.url, "--out", out, ...args]);
  expect(await cli.exited()).toBe(0);
  return JSON.parse(readFileSync(out, "utf8"));
}

/** Slices by the track that their thread is named after. */
function slicesByTrack({ traceEvents }: TraceFile): Map<string, TraceEvent[]> {
  const tracks = new Map<string, TraceEvent[]>();
  const names = new Map<number, string>();
  for (const { name, tid, args } of traceEvents) if (name === "thread_name") names.set(tid, String(args?.name));
  for (const event of traceEvents) {
    if (event.ph !== "X") continue;
    const name = names.get(event.tid)!;
    tracks.set(name, [...(tracks.get(name) ?? []), event]);
  }
  return tracks;
}

describe("phosphene trace", () => {
  test("every bin of the session is in the file once, with what became of it, as /status counts it", async () => {
    const daemon = await playedOut();
    const file = await dump(daemon);
    const { ledger } = await daemon.status();
    const tracks = slicesByTrack(file);
    const binned = [...tracks].filter(([name]) => name.startsWith("binner")).flatMap(([, slices]) => slices);
    const counts = Object.fromEntries(
      OUTCOMES.map((outcome) => [outcome, binned.filter(({ args }) => args?.outcome === outcome).length]),
    );
    // Bins that were closed between the two requests: none, or gated, because the source is lost.
    const { gated, ...others } = counts;
    expect(ledger).toMatchObject(others);
    expect(ledger.gated).toBeGreaterThanOrEqual(gated!);
    const indices = binned.map(({ args }) => Number(args?.bin)).sort((a, b) => a - b);
    expect(indices).toEqual(indices.map((_, index) => index));
    expect(counts.frames).toBeGreaterThan(20);
    expect(tracks.get("viewer")).toHaveLength(1);
    expect(tracks.get("socket")).toHaveLength(counts.frames!);
  });

  test("slices of a row do not overlap, a frame's arrows go forward through all tracks, and its lineage is on each slice", async () => {
    const file = await dump(await playedOut(), "--frames", "10");
    const tracks = slicesByTrack(file);
    for (const slices of tracks.values())
      for (const [i, { ts, dur }] of slices.entries()) {
        expect(dur).toBeGreaterThanOrEqual(0);
        if (i > 0) expect(ts!).toBeGreaterThanOrEqual(slices[i - 1]!.ts! + slices[i - 1]!.dur! - 0.002);
      }
    const sockets = tracks.get("socket")!;
    expect(sockets).toHaveLength(10);
    for (const { args } of sockets) {
      const arrows = file.traceEvents.filter(({ cat, id }) => cat === "bin" && id === args?.bin);
      expect(arrows.map(({ ph }) => ph).join("")).toMatch(/^st+f$/);
      const times = arrows.map(({ ts }) => ts!);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(args).toMatchObject({ outcome: "frames", seed: 1, solver: "ddim", steps: expect.any(Number) });
      const own = [...tracks.values()].flat().filter((slice) => slice.args?.bin === args?.bin);
      expect(new Set(own.map((slice) => JSON.stringify(slice.args))).size).toBe(1);
    }
  });

  test("says in one line that no daemon answers", async () => {
    const port = await freePortPair();
    await using cli = new Running(["daemon/main.ts", "trace", "--url", `http://127.0.0.1:${port}`]);
    expect(await cli.exited()).toBe(1);
    expect(cli.output).toMatch(/^\[DAEMON_UNAVAILABLE\] http:\S+: expected a running daemon, got .*\n$/);
  });
});
