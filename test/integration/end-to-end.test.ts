import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { balances } from "../../src/ledger.ts";
import { copyFloat32 } from "../../src/protocol/bins.ts";
import { freePortPair, type Running, type RunningDaemon, startDaemon, startRig } from "./processes.ts";
import { TestViewer } from "./test-viewer.ts";

let rig: Running;
let daemon: RunningDaemon;

beforeAll(async () => {
  const port = await freePortPair();
  rig = await startRig(port);
  daemon = await startDaemon(port);
});
afterAll(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await rig?.[Symbol.asyncDispose]();
});

describe("rig and daemon as processes, a viewer over a real socket", () => {
  test("frames arrive with pictures, latents and their whole lineage", async () => {
    await using viewer = await TestViewer.connect(daemon.streamUrl, "frame");
    const hello = await viewer.next("hello", () => true, 0);
    const first = await viewer.next("frame", () => true, 0);
    const second = await viewer.next("frame", ({ seq }) => seq > first.seq);
    expect(hello.bundle).toMatchObject({ name: "tiny", units: 8, image: { width: 16, height: 16 } });
    expect(hello.everyBins).toBe(2);
    expect(first.bins[1] % hello.everyBins).toBe(0);
    expect(hello.bundle.readouts.map(({ name, unit }) => [name, unit])).toEqual([
      ["category", ""],
      ["pose", "image widths"],
      ["rotation", "degrees"],
    ]);
    expect(first.image.length).toBe(3 * 16 * 16);
    expect(copyFloat32(first.mu).length).toBe(hello.bundle.latents.dimension);
    expect(first.bits.length).toBe(hello.bundle.latents.groups.length);
    expect(first.bundle).toBe(hello.bundle.digest);
    expect(first.bins[1] - first.bins[0]).toBe(hello.bundle.bins.window - 1);
    expect(first.sourceS[1] - first.sourceS[0]).toBeCloseTo(0.1, 6);
    expect(first.deadlineMs).toBeCloseTo(first.stamps.closed + first.budgetMs, 6);
    const { arrived, closed, dispatched, started, encoded, stepped, synthesised, received, written } = second.stamps;
    const stamps = [arrived, closed, dispatched, started, encoded, ...stepped, synthesised, received, written];
    expect(stamps).toEqual([...stamps].sort((a, b) => a - b));
  });

  test("the picture follows the spikes: frames differ", async () => {
    await using viewer = await TestViewer.connect(daemon.streamUrl, "frame");
    const first = await viewer.next("frame", () => true, 0);
    await viewer.next("frame", ({ image }) => Buffer.compare(Buffer.from(image), Buffer.from(first.image)) !== 0);
  });

  test("the stimulus is announced, and its picture is served", async () => {
    await using viewer = await TestViewer.connect(daemon.streamUrl, "event");
    const on = await viewer.next("event", ({ stimulus }) => stimulus !== null && stimulus.id !== "blank", 0);
    expect(on.text).toBe(`stimulus ${on.stimulus!.id}`);
    const picture = await fetch(`${daemon.url}${on.stimulus!.url}`);
    expect(picture.status).toBe(200);
    expect(picture.headers.get("content-type")).toMatch(/^image\//);
    const off = await viewer.next("event", ({ stimulus }) => stimulus?.id === "blank");
    expect(off.stimulus!.url).toBeNull();
  });

  test("spikes arrive bin by bin, without gaps", async () => {
    await using viewer = await TestViewer.connect(daemon.streamUrl, "spikes");
    const first = await viewer.next("spikes", () => true, 0);
    const later = await viewer.next("spikes", ({ index }) => index >= first.index + 20);
    const indices = viewer.messages.flatMap((m) => (m.type === "spikes" && m.index <= later.index ? [m.index] : []));
    expect(indices).toEqual(Array.from({ length: later.index - first.index + 1 }, (_, i) => first.index + i));
    expect(later.offsetsMs.length / 4).toBe(later.units.length / 2);
  });

  test("steering is acknowledged with the frame from which it holds, and is in every lineage from there", async () => {
    await using viewer = await TestViewer.connect(daemon.streamUrl, "frame", "event");
    const { viewer: by, guidance } = await viewer.next("hello", () => true, 0);
    await viewer.next("frame", () => true, 0);
    viewer.send("steer", { gamma: [0, 2, 0, 0], guidance: 3, id: 5 });
    await viewer.next("event", ({ source, text }) => source === "daemon" && text === "steering");
    const steered = await viewer.next("steered");
    expect(steered).toMatchObject({ id: 5, by, gamma: [0, 2, 0, 0], guidance: 3 });
    await viewer.next("frame", ({ seq }) => seq > steered.seq);
    for (const message of viewer.messages) {
      if (message.type !== "frame") continue;
      expect(message.steering[1]).toBe(message.seq < steered.seq ? 0 : 2);
      expect(message.guidance).toBe(message.seq < steered.seq ? guidance!.default : 3);
      if (message.seq === steered.seq) expect(message.bins[1]).toBe(steered.bin);
    }
    viewer.send("steer", { gamma: [0, 0, 0, 0] });
    const { seq } = await viewer.next("steered");
    expect(await viewer.next("frame", (frame) => frame.seq > seq)).toMatchObject({ guidance: guidance!.default });
  });

  test("a client's event is told to all, and is in the lineage of the frames after it", async () => {
    await using teller = await TestViewer.connect(daemon.streamUrl);
    await using viewer = await TestViewer.connect(daemon.streamUrl, "frame", "event");
    const { present } = await teller.next("hello", () => true, 0);
    await viewer.next("frame", () => true, 0);
    teller.send("event", { id: 1, text: "reward" });
    const { n, atMs } = await teller.next("noted");
    const event = await viewer.next("event", ({ source }) => source === "client", 0);
    expect(event).toMatchObject({ n, atMs, text: "reward", sourceS: null, stimulus: null });
    const frame = await viewer.next("frame", ({ event }) => event !== null && event.n >= n);
    expect(frame.stamps.closed).toBeGreaterThanOrEqual(atMs);
    teller.send("event", { id: 2, text: "of another clock", atMs: Date.now() });
    expect(await teller.next("error")).toMatchObject({ code: "PROTOCOL_MALFORMED", id: 2 });
    expect(present).toBe(false);
    teller.send("present", { id: 3, width: 1, height: 1, image: new Uint8Array(3) });
    expect(await teller.next("error")).toMatchObject({ code: "PRESENT_UNAVAILABLE", id: 3 });
  });

  test("the ledger balances at every poll, and /metrics agrees in kind", async () => {
    for (let i = 0; i < 20; i++) expect(balances((await daemon.status()).ledger)).toBe(true);
    const status = await daemon.status();
    expect(status.source).toMatchObject({ state: "live", kind: "open-ephys" });
    expect(status.ledger.frames).toBeGreaterThan(0);
    const metrics = await (await fetch(`${daemon.url}/metrics`)).text();
    expect(metrics).toMatch(/^phosphene_bins_total\{outcome="frames"\} [1-9]/m);
  });

  test("healthy and ready; the page is served", async () => {
    for (const path of ["/healthz", "/readyz"]) expect((await fetch(`${daemon.url}${path}`)).status).toBe(200);
    expect(await (await fetch(daemon.url)).text()).toContain("<title>");
  });
});
