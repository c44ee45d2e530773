import { describe, expect, it, vi } from "vitest";
import { SERVER } from "../golden/protocol-messages.ts";
import { COMMANDS, connect, LIMITS, makeFrame, refusedWith, startServer, TestViewer } from "./server-harness.ts";

describe("a viewer", () => {
  it("gets hello first, then the frames it subscribed to, in order, with the stamps that they came with", async () => {
    const { server, url } = await startServer();
    const viewer = await connect(url, "frame");
    expect(viewer.received[0]).toEqual({ type: "hello", ...SERVER.hello, viewer: 1 });
    const before = performance.now();
    for (let seq = 0; seq < 20; seq++) {
      const { serialisedMs, writtenMs } = server.publishFrame(makeFrame(seq));
      expect(serialisedMs).toBeGreaterThanOrEqual(before);
      expect(writtenMs).toBeGreaterThanOrEqual(serialisedMs);
    }
    for (let seq = 0; seq < 20; seq++) {
      const frame = await viewer.next("frame");
      expect(frame.seq).toBe(seq);
      expect(frame.stamps).toEqual(makeFrame(seq).stamps);
    }
    expect(viewer.received.some(({ type }) => type === "latents")).toBe(false);
  });

  it("gets nothing before it subscribes, and the new topics after it subscribes again", async () => {
    const { server, url } = await startServer();
    const viewer = await connect(url);
    server.publishFrame(makeFrame(0));
    await viewer.subscribe("latents", "spikes", "event");
    server.publishFrame(makeFrame(1));
    server.publishSpikes(SERVER.spikes);
    server.publishEvent(SERVER.event);
    expect(await viewer.next("latents")).toMatchObject({ seq: 1, bits: SERVER.frame.bits });
    expect(await viewer.next("spikes")).toEqual({ type: "spikes", ...SERVER.spikes });
    expect(await viewer.next("event")).toEqual({ type: "event", ...SERVER.event });
    expect(viewer.received.some(({ type }) => type === "frame")).toBe(false);
  });

  it("gets the status at its interval, with itself in it", async () => {
    const { url } = await startServer({ intervals: { statusMs: 5 } });
    const viewer = await connect(url, "status");
    const status = await viewer.next("status");
    expect(status.viewerTotals.connected).toBe(1);
    expect(status.viewers[0]?.id).toBe(1);
    await viewer.next("status");
  });

  it("steers, notes an event, presents a picture, says what was shown, and pings", async () => {
    const commands = {
      ...{ steer: vi.fn(), event: vi.fn(() => ({ n: 4, atMs: 76 })), present: vi.fn(async () => "live-2") },
      ...{ switch: vi.fn(async () => {}), adapt: vi.fn() },
    };
    const onShown = vi.fn();
    const { url } = await startServer({ commands, onShown, now: () => 77 });
    const viewer = await connect(url);
    viewer.say("steer", { gamma: [1, -10] });
    viewer.say("steer", { gamma: [0, 0], guidance: 1.5, id: 4 });
    viewer.say("event", { id: 5, text: "reward" });
    viewer.say("present", { id: 6, width: 1, height: 1, image: Uint8Array.of(1, 2, 3) });
    viewer.say("switch", { id: 7, bundle: "it-demo-linear" });
    viewer.say("adapt", { id: 8, on: null, reset: true });
    viewer.say("shown", { seq: 3, atMs: 5.5 });
    expect(await viewer.next("noted")).toEqual({ type: "noted", id: 5, n: 4, atMs: 76 });
    expect(await viewer.next("presented")).toEqual({ type: "presented", id: 6, stimulus: "live-2" });
    viewer.say("ping", { id: 9 });
    expect(await viewer.next("pong")).toEqual({ type: "pong", id: 9, nowMs: 77 });
    expect(commands.steer.mock.calls).toEqual([
      [{ gamma: [1, -10], guidance: null, id: null }, 1],
      [{ gamma: [0, 0], guidance: 1.5, id: 4 }, 1],
    ]);
    expect(commands.present).toHaveBeenCalledExactlyOnceWith({ width: 1, height: 1, image: Uint8Array.of(1, 2, 3) });
    expect(commands.switch).toHaveBeenCalledExactlyOnceWith({ id: 7, by: 1, bundle: "it-demo-linear" });
    expect(commands.adapt).toHaveBeenCalledExactlyOnceWith({ id: 8, by: 1, on: null, reset: true });
    expect(onShown).toHaveBeenCalledExactlyOnceWith(3, 5.5);
  });

  it("hears hello anew before the first frame of another bundle, and no frame of the one before after it", async () => {
    let name = "one";
    const hello = () => ({ ...SERVER.hello, bundle: { ...SERVER.hello.bundle, name } });
    const { server, url } = await startServer({ hello });
    const viewer = await connect(url, "frame");
    server.publishFrame(makeFrame(1));
    name = "two";
    server.publishHello();
    server.publishFrame(makeFrame(2));
    server.acknowledge("switched", { ...SERVER.switched, by: 1, seq: 2 });
    await viewer.next("switched");
    const told = viewer.received.map((each) => (each.type === "hello" ? each.bundle.name : each.type));
    expect(told).toEqual(["one", "pong", "frame", "two", "frame", "switched"]);
    const greeting = viewer.received.findLast(({ type }) => type === "hello");
    expect(greeting).toMatchObject({ viewer: 1, role: "operator", session: SERVER.hello.session });
  });

  it("survives its own mistakes, and is told of each", async () => {
    const { url } = await startServer();
    const viewer = await connect(url);
    const mistakes: [string | Uint8Array, string, RegExp][] = [
      [Uint8Array.of(0xc1, 0xff), "PROTOCOL_MALFORMED", /plain MessagePack/],
      ['{"type":"ping"}', "PROTOCOL_MALFORMED", /binary frame/],
      [Uint8Array.of(0x81, 0xa4, ...Buffer.from("type"), 0xa1, 0x78), "PROTOCOL_UNSUPPORTED", /expected one of/],
    ];
    for (const [bytes, code, message] of mistakes) {
      viewer.socket.send(bytes);
      expect(await viewer.next("error")).toEqual({
        type: "error",
        code,
        message: expect.stringMatching(message),
        id: null,
      });
    }
    viewer.say("steer", { gamma: [0, 11] });
    expect(await viewer.next("error")).toMatchObject({ code: "PROTOCOL_MALFORMED" });
    await viewer.subscribe("frame");
  });

  it("does not stop the daemon when a handler of the daemon throws", async () => {
    const steer = () => {
      throw new Error("bug");
    };
    const commands = { ...COMMANDS, steer };
    const { url, nextLog } = await startServer({ commands });
    const viewer = await connect(url);
    const logged = nextLog("message not handled");
    viewer.say("steer", { gamma: [0, 0] });
    await logged;
    await viewer.subscribe("frame");
  });

  it("is closed with 1009 after a message over the limit", async () => {
    const { url } = await startServer();
    const viewer = await connect(url);
    viewer.socket.send(new Uint8Array(65_537));
    expect(await viewer.closed).toBe(1009);
  });

  it("is told when it talks too much, and closed with 1008 when it floods", async () => {
    const { url } = await startServer();
    const viewer = await connect(url);
    for (let id = 0; id < 2100; id++) viewer.say("ping", { id });
    expect(await viewer.next("error")).toMatchObject({ code: "PROTOCOL_RATE" });
    expect(await viewer.closed).toBe(1008);
  });
});

describe("connecting", () => {
  it("is refused on another path, without the subprotocol, from foreign pages and for foreign names", async () => {
    const { server, url } = await startServer();
    const { port } = server.address;
    expect(await refusedWith(url, "phosphene.v1", {}, "/v2/stream")).toBe(404);
    expect(await refusedWith(url, "phosphene.v2", {})).toBe(400);
    for (const origin of ["http://evil.example", "null", `http://127.0.0.1:${port + 1}`, `https://127.0.0.1:${port}`]) {
      expect(await refusedWith(url, "phosphene.v1", { origin })).toBe(403);
    }
    for (const host of ["evil.example", `evil.example:${port}`, "127.0.0.1"]) {
      expect(await refusedWith(url, "phosphene.v1", { headers: { host } })).toBe(403);
    }
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('phosphene_refused_total{reason="origin"} 4');
    expect(metrics).toContain('phosphene_refused_total{reason="host"} 3');
    expect(server.viewers().viewerTotals.connected).toBe(0);
  });

  it("works from our own pages by any name of the loopback", async () => {
    const { server, url } = await startServer();
    for (const name of ["127.0.0.1", "localhost", "[::1]"]) {
      const host = `${name}:${server.address.port}`;
      const viewer = new TestViewer(url, "phosphene.v1", { origin: `http://${host}`, headers: { host } });
      await viewer.next("hello");
      expect(viewer.socket.protocol).toBe("phosphene.v1");
      expect(viewer.socket.extensions).toBe("");
    }
  });

  it("is refused with 503 when there are too many viewers", async () => {
    const { url } = await startServer({ limits: { ...LIMITS, maxViewers: 1 } });
    await connect(url);
    expect(await refusedWith(url, "phosphene.v1", {})).toBe(503);
  });
});

describe("the end", () => {
  it("refuses newcomers, closes viewers with 1001, cuts off those that do not answer, then frees the port", async () => {
    const { server, url } = await startServer({ intervals: { closeMs: 200 } });
    const polite = await connect(url, "frame");
    const deaf = await connect(url, "frame");
    deaf.socket.pause();
    const order: string[] = [];
    const closing = server.close().then(() => order.push("port closed"));
    expect(await refusedWith(url, "phosphene.v1", {})).toBe(503);
    expect(await polite.closed).toBe(1001);
    order.push("viewer closed");
    await closing;
    expect(order).toEqual(["viewer closed", "port closed"]);
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
    expect(server.viewers().viewerTotals).toMatchObject({ connected: 0, queued: 0 });
    await server.close();
  });

  it("ends a viewer that answers no pings", async () => {
    const { server, url, nextLog } = await startServer({ intervals: { pingMs: 20 } });
    const viewer = await connect(url, "frame");
    const gone = nextLog("viewer gone");
    viewer.socket.pause();
    expect(await gone).toMatchObject({ fields: { viewer: 1, code: 1006 } });
    expect(server.viewers().viewerTotals.connected).toBe(0);
  });
});
