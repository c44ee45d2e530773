import { describe, expect, it } from "vitest";
import type { PhospheneServer } from "../../daemon/server/index.ts";
import { SERVER } from "../golden/protocol-messages.ts";
import { connect, LIMITS, makeFrame, startServer, type TestViewer } from "./server-harness.ts";

const FRAMES = 120;
const FRAME_BYTES = 12_288;

function expectIdentity(server: PhospheneServer): void {
  const { viewers, viewerTotals } = server.viewers();
  for (const counts of [...viewers, viewerTotals])
    expect(counts.offered).toBe(counts.sent + counts.dropped + counts.queued);
}

/** Publishes frames as fast as `viewer` reads them; the identity is checked at every frame. */
async function publishTo(viewer: TestViewer, server: PhospheneServer, first: number, count: number): Promise<void> {
  for (let seq = first; seq < first + count; seq++) {
    server.publishFrame(makeFrame(seq, FRAME_BYTES));
    expectIdentity(server);
    expect((await viewer.next("frame")).seq).toBe(seq);
  }
}

describe("a viewer that stops reading", () => {
  it("loses only its own frames, is told how many, and comes back to the newest; the other gets all", async () => {
    const { server, url } = await startServer();
    const slow = await connect(url, "frame", "latents", "spikes");
    const quick = await connect(url, "frame");
    slow.socket.pause();
    await publishTo(quick, server, 0, FRAMES);
    const [slowCounts, quickCounts] = server.viewers().viewers;
    expect(slowCounts?.dropped).toBeGreaterThan(FRAMES / 2);
    expect(quickCounts?.dropped).toBe(0);

    slow.socket.resume();
    const frames: number[] = [];
    for (let told = 0; frames.at(-1) !== FRAMES - 1; ) {
      const { seq } = await slow.next("frame");
      expect(seq).toBeGreaterThan(frames.at(-1) ?? -1);
      frames.push(seq);
      told += 1;
      expect(told).toBeLessThan(FRAMES);
    }
    const lost = FRAMES - frames.length;
    expect(await slow.next("dropped")).toMatchObject({ frames: lost });
    expectIdentity(server);
  });

  it("is not shown more than 256 KiB of old frames: the kernel's buffers do not count as delivery", async () => {
    const { server, url } = await startServer();
    const slow = await connect(url, "frame");
    const quick = await connect(url, "frame");
    slow.socket.pause();
    await publishTo(quick, server, 0, FRAMES);
    const sent = server.viewers().viewers[0]?.sent ?? 0;
    expect(sent).toBeLessThanOrEqual(2 + Math.ceil(262_144 / FRAME_BYTES) + 1);
  });

  it("keeps the last 16 spikes", async () => {
    const { server, url } = await startServer();
    const slow = await connect(url, "frame", "spikes");
    const quick = await connect(url, "frame");
    slow.socket.pause();
    await publishTo(quick, server, 0, FRAMES);
    for (let index = 0; index < 40; index++) server.publishSpikes({ ...SERVER.spikes, index });
    slow.socket.resume();
    for (let index = 24; index < 40; index++) expect((await slow.next("spikes")).index).toBe(index);
    expect(await slow.next("dropped")).toMatchObject({ spikes: 24, latents: 0 });
  });

  it("is closed with 1013 when it misses 256 state messages", async () => {
    const { server, url, nextLog } = await startServer();
    const slow = await connect(url, "frame", "event");
    const quick = await connect(url, "frame");
    slow.socket.pause();
    await publishTo(quick, server, 0, FRAMES);
    for (let count = 0; count < 257; count++) server.publishEvent(SERVER.event);
    const gone = nextLog("viewer gone");
    slow.socket.resume();
    expect(await slow.closed).toBe(1013);
    await gone;
    expectIdentity(server);
  });
});

describe("pictures of any size", () => {
  it.each([0, 60_000, 400_000])("arrive whole: %i bytes", async (bytes) => {
    const { server, url } = await startServer();
    const viewer = await connect(url, "frame");
    const frame = makeFrame(0, bytes);
    frame.image.fill(7);
    server.publishFrame(frame);
    expect(Buffer.from((await viewer.next("frame")).image).equals(frame.image)).toBe(true);
  });
});

describe("many viewers", () => {
  it("all get every frame, though they are written to in slices", async () => {
    const limits = { ...LIMITS, maxViewers: 100 };
    const { server, url } = await startServer({ limits });
    const viewers = await Promise.all(Array.from({ length: 70 }, () => connect(url, "frame")));
    for (let seq = 0; seq < 5; seq++) {
      server.publishFrame(makeFrame(seq));
      expectIdentity(server);
      const got = await Promise.all(viewers.map((viewer) => viewer.next("frame")));
      expect(got.every((frame) => frame.seq === seq)).toBe(true);
    }
    expect(server.viewers().viewerTotals).toMatchObject({ connected: 70, dropped: 0, queued: 0 });
  });
});

describe("counts", () => {
  it("outlive the viewers", async () => {
    const { server, url, nextLog } = await startServer();
    const first = await connect(url, "frame");
    await publishTo(first, server, 0, 3);
    const before = server.viewers().viewerTotals;
    const gone = nextLog("viewer gone");
    first.socket.close();
    await gone;
    expect(server.viewers()).toMatchObject({ viewers: [], viewerTotals: { ...before, connected: 0 } });
    const second = await connect(url, "frame");
    expect(server.viewers().viewerTotals.offered).toBeGreaterThan(before.offered);
    await publishTo(second, server, 3, 1);
    expectIdentity(server);
  });
});
