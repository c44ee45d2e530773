import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Unpackr } from "msgpackr";
import { pino } from "pino";

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { readMcapLog } from "../../adapters/recording/mcap-log.ts";
import { parsePhosphene } from "../../adapters/recording/parse-phosphene.ts";
import { startDaemon as startHere } from "../../daemon/daemon.ts";
import { parseConfig } from "../../src/config.ts";
import { balances } from "../../src/ledger.ts";
import type { StatusBody } from "../../src/protocol/messages.ts";
import { daemonConfig, Running, type RunningDaemon, startDaemon } from "./processes.ts";
import { TestViewer } from "./test-viewer.ts";

// One step a frame, so that the picture depends on the bins alone; silence closes no bin, or a slow machine would make other bins.
const decode = { maxSteps: 1, everyBins: 1, budgetMs: 1_000 };
const bins = { silenceMs: 10_000 };
const LAST_BIN = 150;
const simulator = { name: "rig", kind: "simulator", options: { seed: 11, rateHz: 40 } };
const folder = mkdtempSync(join(tmpdir(), "phosphene-replay-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Recorded {
  readonly path: string;
  readonly status: StatusBody;
  /** What the source sent, block by block. */
  readonly spikes: readonly { readonly times: Float64Array; readonly units: Uint16Array }[];
  /** By range of bins: what was decoded from them. */
  readonly frames: ReadonlyMap<string, { readonly what: string; readonly steps: number }>;
}

/** Runs a daemon that records, pictures and all, until `done`; then reads what it wrote. */
async function record(
  name: string,
  source: object,
  done: (daemon: RunningDaemon) => Promise<unknown>,
): Promise<Recorded> {
  const dir = join(folder, name);
  await using daemon = await startDaemon(0, { source, decode, bins, record: { dir, frames: true } });
  await done(daemon);
  const status = await daemon.status();
  expect(await daemon.process.stop()).toBe(0);
  return { ...readRecorded(join(dir, readdirSync(dir)[0]!)), status };
}

function readRecorded(path: string): Omit<Recorded, "status"> {
  const bytes = readFileSync(path);
  const { messages, notes } = parsePhosphene(bytes, path, undefined);
  expect(notes).toEqual([]);
  const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true });
  const frames = new Map<string, { what: string; steps: number }>();
  readMcapLog(bytes, ({ topic, data }) => {
    if (topic !== "frame") return;
    const { bins, sourceS, steps, seed, bundle, image, mu, logvar, bits, explained, atypicality } =
      unpackr.unpack(data);
    const parts = [image, mu, logvar].map((part: Uint8Array) => Buffer.from(part).toString("hex"));
    frames.set(bins.join("-"), {
      what: JSON.stringify([...parts, sourceS, seed, bundle, bits, explained, atypicality]),
      steps,
    });
  });
  const spikes = messages.flatMap((m) => (m.kind === "spikes" ? [{ times: m.times, units: m.units }] : []));
  return { path, spikes, frames };
}

let live: Recorded;
beforeAll(async () => {
  live = await record("live", simulator, async (daemon) => {
    await using viewer = await TestViewer.connect(daemon.streamUrl, "frame");
    await viewer.next("frame", (frame) => frame.bins[1] >= LAST_BIN, 0);
  });
});

/** Plays what was recorded through a daemon of its own, to its end. */
function replay(name: string, options: object): Promise<Recorded> {
  const source = { name: "again", kind: "recording", options: { path: live.path, ...options } };
  return record(name, source, (daemon) => daemon.process.saw(/played to its end/));
}

/** How many frames both have depends on the machine's speed; what they are does not. Returns their number. */
function expectSame(again: Recorded): number {
  expect(again.spikes).toEqual(live.spikes);
  const shared = [...live.frames.keys()].filter((range) => again.frames.has(range));
  for (const range of shared) expect(again.frames.get(range)).toEqual(live.frames.get(range));
  return shared.length;
}

describe("a session of the daemon, recorded and played again", () => {
  test("it was recorded: status says so", () => {
    expect(live.status.recording).toMatchObject({ state: "recording", detail: "" });
    expect(live.status.recording!.records).toBeGreaterThan(LAST_BIN);
    expect(live.spikes.reduce((sum, { times }) => sum + times.length, 0)).toBeGreaterThan(500);
  });

  test("stepwise: the same bins and pictures, bit for bit; every bin is decoded in its turn", async () => {
    const again = await replay("stepwise", { speed: "step" });
    // The last one may be under way when the daemon is stopped.
    expect(expectSame(again)).toBeGreaterThanOrEqual(live.frames.size - 1);
    expect(balances(again.status.ledger)).toBe(true);
    expect(again.status.ledger).toMatchObject({ superseded: 0, failed: 0, expired: 0 });
  });

  test("stepwise twice: the same frames, none more and none less", async () => {
    const [first, second] = [await replay("once", { speed: "step" }), await replay("twice", { speed: "step" })];
    const whole = ({ frames }: Recorded) => [...frames].slice(0, -1);
    expect(whole(second)).toEqual(whole(first));
    expect(first.frames.size).toBeGreaterThan(LAST_BIN - 10);
  });

  test("at three times the speed: the same", async () => {
    expect(expectSame(await replay("fast", { speed: 3 }))).toBeGreaterThan(0);
  });

  test("`phosphene record info` says what is in it", async () => {
    await using info = new Running(["daemon/main.ts", "record", "info", live.path]);
    await info.saw(/phosphene, /);
    await info.saw(/E001\.1 /);
    expect(await info.exited()).toBe(0);
  });
});

test("a folder that cannot be written stops the start with its path", async () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  const config = join(folder, "config.yaml");
  writeFileSync(config, stringify({ ...daemonConfig(1), record: { dir: join(file, "below") } }));
  await using run = new Running(["daemon/main.ts", "run", "--config", config]);
  expect(await run.exited()).toBe(1);
  expect(run.output).toContain("[RECORD_UNWRITABLE] record.dir");
});

test("the disk is full while recording: viewers are told, status says so, decoding goes on", async () => {
  let writes = 0;
  const openSink = async () => ({
    async write() {
      if (++writes > 1) throw new Error("ENOSPC: no space left on device, write");
    },
    close: async () => {},
  });
  const settings = { ...daemonConfig(1), source: simulator, decode, bins, record: { dir: folder } };
  const daemon = await startHere(parseConfig(settings, "test"), pino({ level: "silent" }), openSink);
  try {
    const url = `${daemon.address.host}:${daemon.address.port}`;
    await using viewer = await TestViewer.connect(`ws://${url}/v1/stream`, "frame", "event");
    const told = await viewer.next(
      "event",
      ({ source, text }) => source === "daemon" && text.startsWith("recording"),
      0,
    );
    expect(told.text).toBe("recording stopped: ENOSPC: no space left on device, write");
    const before = await viewer.next("frame", () => true);
    await viewer.next("frame", ({ seq }) => seq > before.seq + 20);
    const response = await fetch(`http://${url}/status`);
    const status = (await response.json()) as StatusBody;
    expect(status.recording).toMatchObject({ state: "stopped", detail: "ENOSPC: no space left on device, write" });
    expect(status.ledger.frames).toBeGreaterThan(20);
  } finally {
    await daemon.close();
  }
});
