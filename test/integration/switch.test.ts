import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Unpackr } from "msgpackr";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readMcapLog } from "../../adapters/recording/mcap-log.ts";
import { parsePhosphene } from "../../adapters/recording/parse-phosphene.ts";
import { readBundles } from "../../daemon/bundles.ts";
import { balances } from "../../src/ledger.ts";
import type { ServerMessage } from "../../src/protocol/messages.ts";
import { freePortPair, Running, type RunningDaemon, startDaemon, startRig, TINY, TINY_LINEAR } from "./processes.ts";
import { TestViewer } from "./test-viewer.ts";

const folder = mkdtempSync(join(tmpdir(), "phosphene-switch-"));
const recordings = join(folder, "recordings");
let rig: Running;
let daemon: RunningDaemon;

/** A copy of TINY with another name; `change` makes something else of its manifest and files. */
function copyOf(name: string, change: (dir: string, manifest: Manifest) => void = () => {}): string {
  const dir = join(folder, name);
  cpSync(TINY, dir, { recursive: true });
  const path = join(dir, "manifest.json");
  const manifest = JSON.parse(readFileSync(path, "utf8")) as Manifest;
  manifest.name = name;
  change(dir, manifest);
  writeFileSync(path, JSON.stringify(manifest));
  return dir;
}

interface Manifest {
  name: string;
  bins: { widthMs: number };
  units: { labels: string[] };
  readouts: { name: string }[];
  files: { golden: { path: string; sha256: string; bytes: number } };
}

/** Other weights than those that the golden outputs are of: the digests are right, what is computed is not. */
function spoilGolden(dir: string, { files }: Manifest): void {
  const path = join(dir, files.golden.path);
  const golden = JSON.parse(readFileSync(path, "utf8"), (key, value) =>
    key === "mu" && typeof value === "string" ? Buffer.from(value, "base64").fill(63).toString("base64") : value,
  );
  const bytes = Buffer.from(JSON.stringify(golden));
  writeFileSync(path, bytes);
  files.golden.sha256 = createHash("sha256").update(bytes).digest("hex");
  files.golden.bytes = bytes.length;
}

beforeAll(async () => {
  const port = await freePortPair();
  rig = await startRig(port);
  const renamed = copyOf("tiny-renamed", (_, { readouts }) => {
    readouts[0]!.name = "class";
  });
  const bundles = [TINY_LINEAR, copyOf("tiny-spoilt", spoilGolden), copyOf("tiny-changed"), renamed];
  // Nobody listens to the triggers: only what their rule speaks of counts.
  const networkEvents = {
    ...{ enabled: true, endpoint: `tcp://127.0.0.1:${await freePortPair()}` },
    rules: [{ when: "readout:category:cars > 2", line: 1 }],
  };
  daemon = await startDaemon(port, {
    bundles,
    record: { dir: recordings },
    outputs: { networkEvents },
    decode: { everyBins: 1, provider: "cpu" },
  });
});
afterAll(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await rig?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const isPicture = (message: ServerMessage) => message.type === "frame" || message.type === "latents";
const activeName = async () => (await daemon.status()).decoders.find(({ state }) => state === "active")?.name;

/** A connection to a daemon that decodes with this bundle. */
async function decodingWith(bundle: string): Promise<TestViewer> {
  const viewer = await TestViewer.connect(daemon.streamUrl, "frame", "event");
  if ((await activeName()) === bundle) return viewer;
  viewer.send("switch", { id: 1, bundle });
  await viewer.next("switched", ({ id }) => id === 1, 0);
  return viewer;
}

/** Everything that a connection hears from before a switch until some frames after it. */
async function watchSwitch(bundle: string, id: number) {
  const viewer = await TestViewer.connect(daemon.streamUrl, "frame", "latents", "spikes", "event", "status");
  await viewer.next("frame", () => true, 0);
  viewer.send("switch", { id, bundle });
  const switched = await viewer.next("switched", (answer) => answer.id === id, 0);
  await viewer.next("frame", ({ seq }) => seq > switched.seq + 3, 0);
  await viewer.next("status");
  await viewer[Symbol.asyncDispose]();
  return { switched, messages: viewer.messages };
}

/** Digests and names of what the frames and hellos of a connection are of, in order, each once. */
function order(messages: readonly ServerMessage[]): string[] {
  const said = messages.flatMap((each) =>
    each.type === "hello" ? [`hello ${each.bundle.digest}`] : each.type === "frame" ? [each.bundle] : [],
  );
  return said.filter((each, i) => each !== said[i - 1]);
}

function expectNoGap(messages: readonly ServerMessage[]): void {
  const bins = messages.flatMap((each) => (each.type === "spikes" ? [each.index] : []));
  expect(bins).toEqual(bins.map((_, i) => bins[0]! + i));
  const frames = messages.flatMap((each) => (each.type === "frame" ? [each.seq] : []));
  expect(frames).toEqual(frames.map((_, i) => frames[0]! + i));
  const states = messages.flatMap((each) => (each.type === "status" ? [each] : []));
  expect(states.length).toBeGreaterThan(0);
  for (const { ledger } of states) expect(balances(ledger)).toBe(true);
  expect(states.at(-1)!.ledger.failed).toBe(0);
}

describe("a switch of the bundle while the daemon decodes", () => {
  test.each(["tiny-linear", "tiny"])(
    "to %s loses no bin, and hello comes between the last frame of before and the first of after",
    async (name) => {
      const before = (await daemon.status()).switches;
      const { switched, messages } = await watchSwitch(name, 40 + before);
      const hello = messages.findLast((each) => each.type === "hello");
      const first = messages.find((each) => each.type === "frame" && each.bundle === switched.digest);
      expect(first).toMatchObject({ seq: switched.seq, steering: [0, 0, 0, 0] });
      expect(switched).toMatchObject({ bundle: name, by: hello!.viewer });
      const [was] = order(messages);
      expect(order(messages)).toEqual([was, was!.slice("hello ".length), `hello ${switched.digest}`, switched.digest]);
      expectNoGap(messages);
      const told = messages.filter(isPicture).filter((each) => each.seq === switched.seq);
      expect(told.map(({ type }) => type)).toEqual(["frame", "latents"]);
      const status = await daemon.status();
      expect(status.switches).toBe(before + 1);
      expect(status.decoders.map((each) => [each.name, each.state === "active"])).toEqual(
        ["tiny", "tiny-linear", "tiny-spoilt", "tiny-changed", "tiny-renamed"].map((each) => [each, each === name]),
      );
    },
  );

  test("sets the steering to zero, and says so with its first frame", async () => {
    await using viewer = await decodingWith("tiny");
    viewer.send("steer", { gamma: [1, 1, 1, 1], id: 5 });
    await viewer.next("frame", ({ steering }) => steering[0] === 1, 0);
    viewer.send("switch", { id: 6, bundle: "tiny-linear" });
    const switched = await viewer.next("switched", ({ id }) => id === 6, 0);
    const zero = await viewer.next("steered", ({ id, seq }) => id === null && seq === switched.seq, 0);
    expect(zero).toMatchObject({ gamma: [0, 0, 0, 0], guidance: null, seq: switched.seq, by: switched.by });
    expect(await viewer.next("frame", ({ seq }) => seq === switched.seq, 0)).toMatchObject({ steering: [0, 0, 0, 0] });
  });

  test("that fails leaves the one of before, and says why to who asked", async () => {
    await using viewer = await decodingWith("tiny-linear");
    const before = await daemon.status();
    viewer.send("switch", { id: 7, bundle: "tiny-spoilt" });
    expect(await viewer.next("error", () => true, 0)).toMatchObject({ code: "BUNDLE_GOLDEN_MISMATCH", id: 7 });
    writeFileSync(join(folder, "tiny-changed/manifest.json"), "{}");
    viewer.send("switch", { id: 8, bundle: "tiny-changed" });
    expect(await viewer.next("error", ({ id }) => id === 8, 0)).toMatchObject({ code: "BUNDLE_MANIFEST_INVALID" });
    viewer.send("switch", { id: 9, bundle: "nobody" });
    expect(await viewer.next("error", ({ id }) => id === 9, 0)).toMatchObject({ code: "SWITCH_REFUSED" });
    viewer.send("switch", { id: 15, bundle: "tiny-renamed" });
    const unbound = await viewer.next("error", ({ id }) => id === 15, 0);
    expect(unbound).toMatchObject({
      code: "SWITCH_REFUSED",
      message: expect.stringMatching(/rules\.0.*readout.*category/),
    });
    const digest = before.decoders.find(({ state }) => state === "active")!.digest;
    const { seq } = await viewer.next("frame");
    expect(await viewer.next("frame", (frame) => frame.seq > seq)).toMatchObject({ bundle: digest });
    const after = await daemon.status();
    expect([after.switches, after.ledger.failed]).toEqual([before.switches, before.ledger.failed]);
    expect(after.decoders[2]!.detail).toContain("BUNDLE_GOLDEN_MISMATCH");
    const hello = viewer.messages.findLast((each) => each.type === "hello");
    expect(hello).toMatchObject({ bundle: { name: "tiny-linear" } });
  });

  test("whose process is killed while it loads leaves the one of before; a second request meanwhile is refused", async () => {
    await using viewer = await decodingWith("tiny-linear");
    const pid = daemon.process.child.pid!;
    await until(() => decodersOf(pid).length === 0);
    viewer.send("switch", { id: 10, bundle: "tiny" });
    viewer.send("switch", { id: 11, bundle: "tiny" });
    expect(await viewer.next("error", ({ id }) => id === 11, 0)).toMatchObject({ code: "SWITCH_BUSY" });
    await until(() => decodersOf(pid).length > 0);
    process.kill(decodersOf(pid)[0]!, "SIGKILL");
    expect(await viewer.next("error", ({ id }) => id === 10, 0)).toMatchObject({ code: "DECODER_UNAVAILABLE" });
    expect(await activeName()).toBe("tiny-linear");
    await viewer.next("frame");
  });

  test.runIf(process.getuid?.() === 0)(
    "is no burden while it loads, and as urgent as any once it decodes",
    async () => {
      await using viewer = await decodingWith("tiny-linear");
      const pid = daemon.process.child.pid!;
      await until(() => decodersOf(pid).length === 0);
      viewer.send("switch", { id: 14, bundle: "tiny" });
      await until(() => decodersOf(pid).length > 0 && niceOf(decodersOf(pid)[0]!) === 10);
      await viewer.next("switched", ({ id }) => id === 14, 0);
      expect(decodersOf(pid).map(niceOf)).toEqual([0]);
    },
  );

  test("works while the decoder of before is down", async () => {
    await using viewer = await decodingWith("tiny");
    process.kill((await daemon.status()).decoder.pid!, "SIGKILL");
    await viewer.next("event", ({ text }) => text === "decoder restarting", 0);
    viewer.send("switch", { id: 13, bundle: "tiny-linear" });
    const { digest } = await viewer.next("switched", ({ id }) => id === 13, 0);
    expect(await viewer.next("frame")).toMatchObject({ bundle: digest });
    const { ledger, decoder } = await daemon.status();
    expect(balances(ledger)).toBe(true);
    expect([decoder.provider, decoder.pid]).toEqual(["in-process", null]);
  });
});

describe("phosphene switch", () => {
  const typed = async (...args: string[]) => {
    await using running = new Running(["daemon/main.ts", "switch", ...args, "--url", daemon.url]);
    return { code: await running.exited(), output: running.output };
  };

  test("lists the bundles, switches to one by its name, and says why it cannot", async () => {
    await (await decodingWith("tiny"))[Symbol.asyncDispose]();
    const { code, output } = await typed("tiny-linear");
    expect({ code, output }).toEqual({
      code: 0,
      output: expect.stringMatching(/^phosphene: decoding with tiny-linear from frame \d+, bin \d+\n$/),
    });
    const listed = await typed();
    expect(listed.output).toMatch(/^tiny +diffusion +available\ntiny-linear +linear +active\n/);
    expect(await typed("nobody")).toMatchObject({
      code: 1,
      output: expect.stringMatching(/^\[SWITCH_REFUSED\].*nobody/),
    });
  });
});

describe("adaptation", () => {
  test("of a linear decoder is switched by an operator, and holds from a frame on", async () => {
    await using viewer = await decodingWith("tiny-linear");
    expect((await daemon.status()).adaptation).toMatchObject({ possible: true, on: false, why: null });
    viewer.send("adapt", { id: 20, on: true });
    const adapted = await viewer.next("adapted", () => true, 0);
    expect(adapted).toMatchObject({ id: 20, on: true });
    expect(await viewer.next("frame", ({ seq }) => seq === adapted.seq, 0)).toMatchObject({
      bins: [expect.any(Number), adapted.bin],
    });
    expect((await daemon.status()).adaptation.on).toBe(true);
    viewer.send("adapt", { id: 21, on: false, reset: true });
    expect(await viewer.next("adapted", ({ id }) => id === 21, 0)).toMatchObject({ on: false, updates: 0 });
  });

  test("of one that does not learn is refused with its kind, and its status says why", async () => {
    await using viewer = await decodingWith("tiny");
    viewer.send("adapt", { id: 23, on: true });
    const refused = await viewer.next("error", ({ id }) => id === 23, 0);
    expect(refused).toMatchObject({ code: "ADAPT_UNAVAILABLE", message: expect.stringContaining("diffusion") });
    expect((await daemon.status()).adaptation).toMatchObject({
      possible: false,
      why: expect.stringContaining("diffusion"),
    });
  });
});

describe("afterwards", () => {
  test("the recording says from which frame and bin which bundle was decoded", async () => {
    const { switches } = await daemon.status();
    expect(await daemon.process.stop()).toBe(0);
    const bytes = readFileSync(join(recordings, readdirSync(recordings)[0]!));
    const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true });
    const frames = new Map<number, { bundle: string; bins: number[] }>();
    const bundles: { bundle: string; digest: string; seq: number; bin: number }[] = [];
    readMcapLog(bytes, ({ topic, data }) => {
      if (topic === "frame") frames.set(unpackr.unpack(data).seq, unpackr.unpack(data));
      if (topic === "bundle") bundles.push(unpackr.unpack(data));
    });
    expect(bundles).toHaveLength(switches);
    // What is replayed is what the source sent; whoever replays it chooses the bundle.
    expect(parsePhosphene(bytes, "recording", undefined).notes).toEqual([]);
    for (const { digest, seq, bin } of bundles) {
      expect(frames.get(seq)).toMatchObject({ bundle: digest, bins: [expect.any(Number), bin] });
      expect(frames.get(seq - 1)?.bundle).not.toBe(digest);
    }
  });
});

describe("bundles that do not fit each other", () => {
  test.each<[string, (manifest: Manifest) => void, RegExp]>([
    [
      "the same name",
      (manifest) => {
        manifest.name = "tiny";
      },
      /name: expected one of its own, got "tiny"/,
    ],
    [
      "other bins",
      (manifest) => {
        manifest.bins.widthMs = 10;
      },
      /bins\.widthMs: expected 20/,
    ],
    [
      "another order of units",
      (manifest) => {
        manifest.units.labels.reverse();
      },
      /units\.labels\[0\]/,
    ],
  ])("%s are refused", async (name, change, problem) => {
    const dir = copyOf(`unfit-${name.replaceAll(" ", "-")}`, (_, manifest) => change(manifest));
    const refused = expect(readBundles(TINY, [dir])).rejects;
    await refused.toMatchObject({ code: "BUNDLES_DIFFER", message: expect.stringMatching(problem) });
  });
});

/** Decoder processes of a daemon; it starts others too, for a moment, to find libraries. */
function decodersOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);
  const isDecoder = (child: string) => readFileSync(`/proc/${child}/cmdline`, "utf8").includes("decoder/process.ts");
  return children.filter((child) => attempt(() => isDecoder(child)) ?? false).map(Number);
}

/** Null for what cannot be read any more. */
function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

/** Of the first thread of a process. Fields after the name, which may hold spaces: state is the 3rd, nice the 19th (proc_pid_stat(5)). */
function niceOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ")[16]);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((resolve) => setImmediate(resolve));
}
