import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect } from "../../clients/ts/index.ts";
import { freePortPair, Running, type RunningDaemon, startDaemon, startRig } from "./processes.ts";

let rigPort: number;
let rig: Running;
let daemon: RunningDaemon;

beforeAll(async () => {
  rigPort = await freePortPair();
  rig = await startRig(rigPort);
  daemon = await startDaemon(rigPort);
});
afterAll(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await rig?.[Symbol.asyncDispose]();
});

describe("the examples of the TypeScript client against a real daemon", () => {
  test.each([
    ["watch", /^(frame \d+ [\w-]+: 16x16, 768 bytes, bits [\d. -]+, after .+\n){10}$/],
    ["steer", /^\w+ \+2, guidance 3: from frame \d+, bin \d+\nreleased: from frame \d+, bin \d+\n$/],
    ["event", /^event \d+ at [\d.]+ ms: frame \d+, bin \d+, closed [\d.]+ ms\n$/],
    ["close-a-loop", /^(seen in frame \d+, answered from frame \d+: -?[\d.e-]+\n){5}$/],
  ])("%s", async (name, output) => {
    await using example = new Running([`clients/ts/examples/${name}.ts`, daemon.url]);
    expect(await example.exited()).toBe(0);
    expect(example.output).toMatch(output);
  });
});

describe("the TypeScript client against a real daemon", () => {
  test("hands on frames, latents, spikes and status with typed arrays", async () => {
    using client = connect(daemon.url);
    const { bundle } = await client.opened();
    const frame = await client.next("frame");
    const latents = await client.next("latents");
    const spikes = await client.next("spikes", ({ units }) => units.length > 0);
    expect(frame.mu).toBeInstanceOf(Float32Array);
    expect([frame.mu.length, frame.logvar.length]).toEqual([bundle.latents.dimension, bundle.latents.dimension]);
    expect(latents.readouts.category?.length).toBe(bundle.readouts[0]!.labels.length);
    expect(spikes.units).toBeInstanceOf(Uint16Array);
    expect(spikes.offsetsMs.length).toBe(spikes.units.length);
    expect((await client.next("status")).session).toBe(client.hello!.session);
    expect(client.unreadable).toBe(0);
  });

  test("knows the daemon's time: what it notes now, the daemon dates now", async () => {
    using client = connect(daemon.url);
    await client.opened();
    const before = performance.now();
    const { atMs } = await client.event("now");
    const after = performance.now();
    const { rttMs } = client.clock!;
    expect(atMs).toBeGreaterThanOrEqual(client.toServerMs(before) - rttMs);
    expect(atMs).toBeLessThanOrEqual(client.toServerMs(after) + rttMs);
  });

  test("steers by name: every frame from the one that was named, and none before", async () => {
    using client = connect(daemon.url);
    const { bundle } = await client.opened();
    const name = bundle.latents.groups[1]!.name;
    await client.steer({ gamma: {} });
    const frames = client.each("frame", 64);
    const { seq } = await client.steer({ gamma: { [name]: 1.5 } });
    for await (const frame of frames) {
      expect(frame.steering).toEqual(frame.seq < seq ? [0, 0, 0, 0] : [0, 1.5, 0, 0]);
      if (frame.seq > seq) break;
    }
    await client.steer({ gamma: {} });
    await expect(client.steer({ gamma: { nothing: 1 } })).rejects.toThrow(/CLIENT_PARAMETER.*got "nothing"/);
    await expect(client.steer({ gamma: [1] })).rejects.toMatchObject({ code: "PROTOCOL_MALFORMED" });
    await expect(client.present({ width: 1, height: 1, image: new Uint8Array(3) })).rejects.toMatchObject({
      code: "PRESENT_UNAVAILABLE",
    });
  });
});

test("the client comes back to a daemon that was killed and restarted, and says that it is another session", {
  timeout: 90_000,
}, async () => {
  const { port } = new URL(daemon.url);
  using client = connect(daemon.url, { topics: ["frame"] });
  const { session } = await client.opened();
  const frame = await client.next("frame");
  const waiting = client.next("state", ({ phase }) => phase === "waiting");
  const lost = client.steer({ gamma: {} }).catch((error: unknown) => error);
  daemon.process.child.kill("SIGKILL");
  await waiting;
  expect(client.hello).toBeNull();
  // Acknowledged before the end, or not at all: never later.
  const outcome = await lost;
  if (outcome instanceof Error) expect(outcome).toMatchObject({ code: "CLIENT_OFFLINE" });
  await expect(client.event("nobody hears")).rejects.toMatchObject({ code: "CLIENT_OFFLINE" });
  const renewed = client.next("session");
  await daemon[Symbol.asyncDispose]();
  daemon = await startDaemon(rigPort, { server: { port: Number(port) } });
  expect(await renewed).toEqual({ previous: session, session: (await client.opened()).session });
  const again = await client.next("frame");
  expect(again.source).toBe(frame.source);
  expect(client.state).toEqual({ phase: "open" });
});
