import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PhospheneServer } from "../../daemon/server/index.ts";
import { encodeClient } from "../../src/protocol/encode.ts";
import { connect, LIMITS, makeFrame, rawGet, startServer, TestViewer } from "../integration/server-harness.ts";
import { rawSocket, rawViewer, refused, tempDir, UPGRADE } from "./helpers.ts";

/** Offered to viewers is sent, dropped or queued, for each of them and all that were. */
function expectBalanced(server: PhospheneServer): void {
  const { viewers, viewerTotals } = server.viewers();
  for (const { offered, sent, dropped, queued } of [...viewers, viewerTotals])
    expect(offered).toBe(sent + dropped + queued);
}

describe("frames that are none", () => {
  // Text, reserved bits, unknown opcodes, fragments without an end, controls that are too long, unmasked ones: RFC 6455 closes for each.
  const opcode = fc.oneof(
    fc.constantFrom(0x82, 0x82, 0x81, 0x02, 0x00, 0x89, 0x8a, 0x88),
    fc.integer({ min: 0, max: 255 }),
  );
  const chunk = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 200 }),
    fc
      .tuple(opcode, fc.uint8Array({ maxLength: 100 }))
      .map(([first, payload]) => Uint8Array.from([first, 0x80 | payload.length, 0, 0, 0, 0, ...payload])),
  );

  it("end or confuse only the connection that sent them", { timeout: 60_000 }, async () => {
    const { server, url } = await startServer({
      limits: { ...LIMITS, messagesPerSecond: 20 },
      intervals: { closeMs: 200 },
    });
    const bystander = await connect(url, "frame");
    let seq = 0;
    const property = fc.asyncProperty(fc.array(chunk, { minLength: 1, maxLength: 20 }), async (chunks) => {
      const { socket, closed } = await rawViewer(server);
      for (const bytes of chunks) socket.write(bytes);
      socket.end();
      server.publishFrame(makeFrame(seq));
      expect((await bystander.next("frame")).seq).toBe(seq++);
      await closed;
      expectBalanced(server);
    });
    await fc.assert(property, { numRuns: 150 });
    expect(refused(server, "frame")).toBeGreaterThan(0);
    expect(refused(server, "message")).toBeGreaterThan(0);
  });

  it("are messages as MessagePack has them, or answered", { timeout: 60_000 }, async () => {
    const { server, url } = await startServer({ limits: { ...LIMITS, messagesPerSecond: 10_000 } });
    const viewer = await connect(url);
    const valid = fc.constantFrom(
      encodeClient("steer", { gamma: [0.5, 1] }),
      encodeClient("event", { id: 1, text: "x" }),
      encodeClient("present", { id: 2, width: 2, height: 1, image: new Uint8Array(6) }),
    );
    const broken = fc
      .tuple(valid, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 }))
      .map(([bytes, edits]) => {
        const copy = Uint8Array.from(bytes);
        for (const [at, value] of edits) copy[at % copy.length] = value;
        return copy;
      });
    let sent = 0;
    const property = fc.asyncProperty(fc.oneof(broken, fc.uint8Array({ maxLength: 64 })), async (bytes) => {
      viewer.socket.send(bytes);
      viewer.say("ping", { id: ++sent });
      expect((await viewer.next("pong")).id).toBe(sent);
    });
    await fc.assert(property, { numRuns: 1000 });
    expect(refused(server, "message")).toBeGreaterThan(100);
    expectBalanced(server);
  });

  it("of too many bytes close with 1009, before they have come", async () => {
    const { server, url } = await startServer({ limits: { ...LIMITS, maxMessageBytes: 1024 } });
    const viewer = await connect(url);
    viewer.socket.send(new Uint8Array(1025));
    expect(await viewer.closed).toBe(1009);
    // A frame that says it has four exabytes, and a message in fragments that never ends.
    const huge = await rawViewer(server);
    huge.socket.write(Uint8Array.from([0x82, 0xff, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    await huge.closed;
    const parts = await rawViewer(server);
    parts.socket.write(Uint8Array.from([0x02, 0xfe, 4, 0, 0, 0, 0, 0, ...new Uint8Array(1024)]));
    parts.socket.write(Uint8Array.from([0x00, 0x81, 0, 0, 0, 0, 1]));
    await parts.closed;
    expect(refused(server, "size")).toBe(3);
    expectBalanced(server);
  });

  it("and floods of pings or pongs are told, ignored, closed, and counted one by one", async () => {
    const { server, url } = await startServer({ now: () => 1000, intervals: { closeMs: 100 } });
    for (const flood of ["ping", "pong"] as const) {
      const before = refused(server, "rate");
      const viewer = await connect(url);
      for (let i = 0; i < 2100; i++) viewer.socket[flood]("x");
      expect(await viewer.closed).toBe(1008);
      expect(refused(server, "rate") - before).toBeGreaterThanOrEqual(2001 - LIMITS.messagesPerSecond);
    }
    expectBalanced(server);
  });
});

describe("connections", () => {
  it("that ask for nothing, or for something by and by, are cut off and hold up nobody", async () => {
    const { server, url } = await startServer({ limits: { ...LIMITS, handshakeMs: 400 } });
    const silent = await Promise.all(Array.from({ length: 10 }, () => rawSocket(server)));
    const slow = await Promise.all(
      Array.from({ length: 10 }, () => rawSocket(server, "GET /v1/stream HTTP/1.1\r\nHost: x")),
    );
    const drip = setInterval(() => {
      for (const { socket } of slow) socket.write("\r\nX-A: b");
    }, 20);
    const viewer = await connect(url, "frame");
    await Promise.all([...silent, ...slow].map(({ closed }) => closed));
    clearInterval(drip);
    expect(refused(server, "timeout")).toBe(20);
    await viewer.subscribe("frame");
  });

  it("that are too many push out those that have waited longest, not viewers and not newcomers", async () => {
    const { server, url } = await startServer({ limits: { ...LIMITS, maxWaiting: 8 } });
    const viewer = await connect(url, "frame");
    const crowd = [];
    for (let i = 0; i < 100; i++) crowd.push(await rawSocket(server));
    await Promise.all(crowd.slice(0, 90).map(({ closed }) => closed));
    expect(refused(server, "crowded")).toBeGreaterThanOrEqual(90);
    await connect(url);
    expect((await rawGet(url, "/healthz")).status).toBe(200);
    server.publishFrame(makeFrame(5));
    expect((await viewer.next("frame")).seq).toBe(5);
  });

  it("100 at once: as many viewers as allowed, the others are told 503, every one is counted", async () => {
    const { server } = await startServer({ limits: { ...LIMITS, maxViewers: 40, maxWaiting: 256 } });
    const heads = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const { socket } = await rawSocket(server, UPGRADE(server));
        const [data] = (await once(socket, "data")) as [Buffer];
        return data.toString("latin1", 9, 12);
      }),
    );
    expect(heads.filter((status) => status === "101")).toHaveLength(40);
    expect(heads.filter((status) => status === "503")).toHaveLength(60);
    expect(refused(server, "viewers")).toBe(60);
    expect(server.viewers().viewerTotals.connected).toBe(40);
  });

  it("of one address are limited, and come back when others went", async () => {
    const { server, url } = await startServer({ limits: { ...LIMITS, maxPerAddress: 2 } });
    const [first] = [await connect(url), await connect(url)];
    const third = new TestViewer(url);
    expect(await third.closed).toBe(1006);
    expect(refused(server, "address")).toBe(1);
    first.socket.close();
    await first.closed;
    await connect(url);
  });

  it("that talk no HTTP get a plain answer with our headers, or nothing", async () => {
    const { server } = await startServer();
    for (const text of [
      "\x16\x03\x01\x02\x00\x01\x00",
      "GET / HTTP/9.9\r\n\r\n",
      `GET / HTTP/1.1\r\nX: ${"a".repeat(40_000)}\r\n\r\n`,
    ]) {
      const { closed } = await rawSocket(server, text);
      expect(await closed).toMatch(/^HTTP\/1\.1 4\d\d [\s\S]*content-security-policy: default-src 'none'/);
    }
    expect(refused(server, "http")).toBe(3);
    const { closed } = await rawSocket(server, UPGRADE(server).replace("Sec-WebSocket-Key", "X-Key"));
    expect(await closed).toMatch(/^HTTP\/1\.1 400 [\s\S]*default-src 'none'[\s\S]*Sec-WebSocket-Key/);
    expect(refused(server, "http")).toBe(4);
  });
});

describe("paths", () => {
  it("lead nowhere but to files of the page, whatever they are made of", { timeout: 60_000 }, async () => {
    const dir = tempDir();
    mkdirSync(join(dir, "dist/assets"), { recursive: true });
    writeFileSync(join(dir, "dist/index.html"), "<p>viewer");
    writeFileSync(join(dir, "secret.txt"), "S3CRET");
    writeFileSync(join(dir, "dist/.env"), "S3CRET");
    const { server, url } = await startServer({ viewerDir: join(dir, "dist") });
    const part = fc.constantFrom(
      ..."..|%2e%2e|%2E.|..%2f|%2f|%5c|..%5c|/|//|.|%00|%|secret.txt|.env|stimuli|assets|%c0%ae|~".split("|"),
    );
    const property = fc.asyncProperty(fc.array(part, { maxLength: 8 }), async (parts) => {
      const path = `/${parts.join("")}`;
      const answer = await rawGet(url, path);
      expect([path, answer.text]).not.toEqual([path, expect.stringContaining("S3CRET")]);
      expect([path, answer.headers["content-security-policy"]]).toEqual([
        path,
        expect.stringMatching(/^default-src 'none'/),
      ]);
      expect(answer.status).toBeLessThan(500);
    });
    await fc.assert(property, {
      numRuns: 400,
      examples: [[["../", "secret.txt"]], [["%2e%2e", "%2f", "secret.txt"]], [[".env"]]],
    });
    expectBalanced(server);
  });
});
