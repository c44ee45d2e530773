import { on, once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { lastValueFrom, merge, take, toArray } from "rxjs";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { WebSocket } from "ws";
import { connect, type Frame } from "../../clients/ts/index.ts";
import { observe } from "../../clients/ts/rxjs.ts";
import { PhospheneError } from "../../src/errors.ts";
import { SERVER } from "../golden/protocol-messages.ts";
import { startGuarded } from "../security/helpers.ts";
import { LIMITS, makeFrame, startServer } from "./server-harness.ts";

const commands = () => ({
  steer: vi.fn(),
  event: vi.fn((_: string, atMs: number | null) => ({ n: 4, atMs: atMs ?? 77 })),
  present: vi.fn(async () => "live-2"),
  switch: vi.fn(async (_: { id: number }) => {}),
  adapt: vi.fn((_: { id: number }) => {}),
});

describe("requests", () => {
  it("are answered each with its own answer", async () => {
    const asked = commands();
    const { server, url } = await startServer({ commands: asked });
    using client = connect(url);
    const { viewer } = await client.opened();
    const steered = client.steer({ gamma: [1, 0], guidance: 2 });
    await vi.waitFor(() => expect(asked.steer).toHaveBeenCalledOnce());
    const [{ id, ...request }, by] = asked.steer.mock.calls[0]!;
    expect([request, by]).toEqual([{ gamma: [1, 0], guidance: 2 }, viewer]);
    const answer = { by, gamma: [1, 0], guidance: 2, seq: 9, bin: 18, atMs: 400 };
    // Another connection's change with the same number is no answer.
    server.acknowledge("steered", { ...answer, id, by: viewer + 1, seq: 8 });
    server.acknowledge("steered", { ...answer, id });
    expect(await steered).toEqual({ ...answer, id });
    expect(await client.event("reward", { atMs: 5 })).toEqual({ n: 4, atMs: 5 });
    expect(await client.event("reward")).toEqual({ n: 4, atMs: 77 });
    expect(await client.present({ width: 1, height: 1, image: Uint8Array.of(1, 2, 3) })).toBe("live-2");
    expect(asked.present).toHaveBeenCalledExactlyOnceWith({ width: 1, height: 1, image: Uint8Array.of(1, 2, 3) });
  });

  it("to switch and to adapt are answered by the frame from which they hold; hello anew is no new connection", async () => {
    const asked = commands();
    let name = "one";
    const hello = () => ({ ...SERVER.hello, bundle: { ...SERVER.hello.bundle, name } });
    const { server, url } = await startServer({ commands: asked, hello });
    using client = connect(url);
    const { viewer } = await client.opened();
    const [greeted, state] = [vi.fn(), vi.fn()];
    client.on("hello", greeted);
    client.on("state", state);
    const switched = client.switch("two");
    await vi.waitFor(() => expect(asked.switch).toHaveBeenCalledOnce());
    const at = { by: viewer, seq: 9, bin: 18, atMs: 400 };
    const { id } = asked.switch.mock.calls[0]![0];
    name = "two";
    server.publishHello();
    const answer = { ...at, id, bundle: "two", digest: "sha256:01" };
    server.acknowledge("switched", { ...answer, by: viewer + 1 });
    server.acknowledge("switched", answer);
    expect(await switched).toEqual(answer);
    expect(client.hello?.bundle.name).toBe("two");
    expect(greeted).toHaveBeenCalledOnce();
    expect(state).not.toHaveBeenCalled();
    const adapted = client.adapt({ on: true });
    await vi.waitFor(() => expect(asked.adapt).toHaveBeenCalledOnce());
    const learning = { ...at, id: asked.adapt.mock.calls[0]![0].id, on: true, updates: 0 };
    server.acknowledge("adapted", learning);
    expect(await adapted).toEqual(learning);
  });

  it("that are refused reject with the daemon's code; what no request asked for is an `error`", async () => {
    const event = () => {
      throw new PhospheneError("PROTOCOL_MALFORMED", "event.atMs: expected now, got then");
    };
    const { url } = await startServer({ commands: { ...commands(), event } });
    using client = connect(url);
    const { bundle } = await client.opened();
    const other = vi.fn();
    client.on("error", other);
    await expect(client.event("x")).rejects.toMatchObject({ code: "PROTOCOL_MALFORMED" });
    await expect(client.event("")).rejects.toThrow(/PROTOCOL_MALFORMED.*event\.text/);
    await expect(client.steer({ gamma: { [bundle.latents.groups[0]!.name]: 11 } })).rejects.toThrow(/steer\.gamma\.0/);
    expect(other).not.toHaveBeenCalled();
  });

  it("that nobody answers end by themselves, and so do those of a client that is closed", async () => {
    const { url } = await startServer({ commands: commands() });
    using hasty = connect(url, { timeoutMs: 1000 });
    await hasty.opened();
    await expect(hasty.steer({ gamma: [0, 0] })).rejects.toMatchObject({ code: "CLIENT_TIMEOUT" });
    const client = connect(url);
    await client.opened();
    const steered = expect(client.steer({ gamma: [0, 0] })).rejects.toMatchObject({ code: "CLIENT_CLOSED" });
    await Promise.resolve();
    client.close();
    await steered;
    await expect(client.event("x")).rejects.toMatchObject({ code: "CLIENT_CLOSED" });
    await expect(client.opened()).rejects.toMatchObject({ code: "CLIENT_CLOSED" });
  });

  it("are bounded in number", async () => {
    const { url } = await startServer({ commands: commands(), limits: { ...LIMITS, messagesPerSecond: 1000 } });
    using client = connect(url);
    await client.opened();
    const asked = Array.from({ length: 257 }, () => client.steer({ gamma: [0, 0] }));
    const outcomes = Promise.allSettled(asked);
    await expect(asked[256]).rejects.toMatchObject({ code: "CLIENT_BUSY" });
    client.close();
    expect((await outcomes).filter(({ status }) => status === "rejected")).toHaveLength(257);
  });
});

describe("topics", () => {
  it("are subscribed to while somebody listens, and those that were asked for always", async () => {
    const { server, url } = await startServer();
    using client = connect(url, { topics: ["event"] });
    await client.opened();
    const frame = client.next("frame");
    await client.event("everything before is read");
    server.publishFrame(makeFrame(3));
    expect((await frame).seq).toBe(3);
    await client.event("and the end of listening too");
    const { offered } = server.viewers().viewers[0]!;
    server.publishFrame(makeFrame(4));
    server.publishSpikes(SERVER.spikes);
    server.publishEvent(SERVER.event);
    expect(server.viewers().viewers[0]!.offered).toBe(offered + 1);
  });

  it("come as an iteration that drops the oldest for a slow reader, and says how many", async () => {
    const { server, url } = await startServer();
    using client = connect(url);
    await client.opened();
    const frames = client.each("frame", 2);
    await client.event("subscribed");
    for (let seq = 0; seq < 5; seq++) {
      const arrived = client.next("frame");
      server.publishFrame(makeFrame(seq));
      await arrived;
    }
    expect([(await frames.next()).value.seq, (await frames.next()).value.seq, frames.dropped]).toEqual([3, 4, 3]);
    const last = frames.next();
    client.close();
    expect(await last).toEqual({ done: true, value: undefined });
  });

  it("come as observables that complete when the client is closed", async () => {
    const { server, url } = await startServer();
    const client = connect(url);
    await client.opened();
    const { frame$, latents$, spikes$, event$, state$ } = observe(client);
    const states = lastValueFrom(state$.pipe(toArray()));
    const frames = lastValueFrom(frame$.pipe(take(1), toArray()));
    const others = lastValueFrom(merge(latents$, spikes$, event$).pipe(toArray()));
    await client.event("subscribed");
    server.publishFrame(makeFrame(1));
    server.publishSpikes(SERVER.spikes);
    server.publishEvent(SERVER.event);
    expect((await frames).map(({ seq }: Frame) => seq)).toEqual([1]);
    await client.event("all is here");
    client.close();
    expect((await others).map((body) => Object.keys(body).length > 0)).toEqual([true, true, true]);
    expect((await states).map(({ phase }) => phase)).toEqual(["open", "closed"]);
  });

  it("go on for the others when one listener throws", async () => {
    const { server, url } = await startServer();
    using client = connect(url);
    await client.opened();
    const uncaught = new Promise((resolve) => process.once("uncaughtException", resolve));
    client.on("event", () => {
      throw new Error("a bug of the caller");
    });
    const heard = client.next("event");
    await client.event("subscribed");
    server.publishEvent(SERVER.event);
    expect(await heard).toEqual(SERVER.event);
    expect(await uncaught).toMatchObject({ message: "a bug of the caller" });
  });
});

describe("tokens", () => {
  it("open the door: without one the client is refused and does not come back", async () => {
    const { url, viewer: viewerToken, operator: operatorToken } = await startGuarded();
    using stranger = connect(url);
    await expect(stranger.opened()).rejects.toMatchObject({ code: "CLIENT_REFUSED" });
    expect(stranger.state).toEqual({ phase: "refused" });
    using viewer = connect(url, { token: viewerToken });
    expect((await viewer.opened()).role).toBe("viewer");
    await expect(viewer.event("x")).rejects.toMatchObject({ code: "PROTOCOL_FORBIDDEN" });
    using operator = connect(url, { token: operatorToken, WebSocket });
    expect((await operator.opened()).role).toBe("operator");
    expect((await operator.get("/status")).status).toBe(200);
  });
});

describe("a connection", () => {
  it("that answers no ping is given up, and another is made", async () => {
    const { url } = await startServer();
    // Everything arrives but pings: where the client stands, its words are lost on the way.
    class Deaf extends WebSocket {
      override send(bytes: Uint8Array): void {
        if (!Buffer.from(bytes).includes("ping")) super.send(bytes);
      }
    }
    using client = connect(url, { WebSocket: Deaf, pingMs: 5 });
    const first = await client.opened();
    await client.next("state", ({ phase }) => phase === "waiting");
    expect((await client.opened()).viewer).toBeGreaterThan(first.viewer);
  });

  it("that comes to nothing is given up, and another is made", async () => {
    // Takes connections and says nothing.
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    onTestFinished(() => void silent.close());
    using client = connect(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`, { timeoutMs: 50 });
    const arrivals = on(silent, "connection");
    for (let count = 0; count < 2; count++) await arrivals.next();
    await client.next("state", (state) => state.phase === "waiting" && state.attempt >= 2);
    await expect(client.steer({ gamma: {} })).rejects.toMatchObject({ code: "CLIENT_OFFLINE" });
    await expect(client.event("x")).rejects.toMatchObject({ code: "CLIENT_OFFLINE" });
  });

  it.each([
    ["no address", "rig", {}, /url: expected an address/],
    ["another scheme", "ftp://rig", {}, /url: expected http, https, ws or wss, got "ftp:"/],
    ["a token of other letters", "http://rig", { token: "a b" }, /token: expected base64url/],
    ["no time", "http://rig", { timeoutMs: 0 }, /timeoutMs: expected more than 0 ms, got 0/],
  ])("is not tried with %s", (_, url, options, problem) => {
    expect(() => connect(url, options)).toThrow(problem);
  });
});
