import { once } from "node:events";
import { createServer } from "node:net";
import { pino } from "pino";
import { afterEach, expect, test } from "vitest";
import { Subscriber } from "zeromq";
import { OpenEphysPeer, Pty } from "../../bench/outputs/peers.ts";
import { monotonicMs } from "../../daemon/monotonic.ts";
import { type Outputs, openOutputs } from "../../daemon/outputs.ts";
import { parseConfig } from "../../src/config.ts";
import type { FrameBody, OutputBody } from "../../src/protocol/messages.ts";
import { SERVER } from "../golden/protocol-messages.ts";

const FAR = 10_000;
let outputs: Outputs | undefined;

afterEach(async () => {
  for (const { offered, sent, merged, late, failed, pending } of outputs?.status() ?? [])
    expect(sent + merged + late + failed + pending).toBe(offered);
  await outputs?.close();
  outputs = undefined;
});

async function open(configured: Record<string, unknown>): Promise<Outputs> {
  const config = parseConfig({ outputs: configured }, "test");
  outputs = await openOutputs(config, SERVER.hello, monotonicMs, pino({ level: "silent" }));
  return outputs;
}

let seq = 0;
/** A frame whose bin closed `agoMs` ago. */
function frame(agoMs = 0, of: Partial<FrameBody> = {}): FrameBody {
  const closed = monotonicMs() - agoMs;
  return { ...SERVER.frame, seq: seq++, stamps: { ...SERVER.frame.stamps, closed, written: closed }, ...of };
}

/** Status of the one output, once it is as wanted; the event loop turns meanwhile. */
async function when(wanted: (status: OutputBody) => boolean): Promise<OutputBody> {
  for (;;) {
    const [status] = outputs!.status();
    if (wanted(status!)) return status!;
    await new Promise(setImmediate);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

test("nothing is configured: nothing is opened", async () => {
  expect((await open({})).status()).toEqual([]);
});

test("zeromq: latents, frames with pictures and events reach a subscriber byte by byte, numbered", async () => {
  const endpoint = `tcp://127.0.0.1:${await freePort()}`;
  const { frame: write, event } = await open({ zeromq: { enabled: true, endpoint, pictures: true, deadlineMs: FAR } });
  const socket = new Subscriber({ linger: 0 });
  using _ = { [Symbol.dispose]: () => socket.close() };
  socket.connect(endpoint);
  socket.subscribe();
  // A subscription takes effect some time after it was made: events until the first one comes.
  const first = socket.receive();
  let got = false;
  void first.then(() => {
    got = true;
  });
  while (!got) {
    event(SERVER.event);
    await new Promise(setImmediate);
  }
  const sentMs = frame();
  write(sentMs, 0);
  write(frame(0, { held: { seq: 1, bin: 102, ageMs: 1 }, state: "held", deadlineMs: monotonicMs() + 50 }), 0);
  write(frame(2 * FAR), 0);
  write(frame(), 0);
  const told: { topic: string; n: number; payload: Buffer; header: Record<string, unknown> }[] = [];
  while (told.filter(({ topic }) => topic === "frame").length < 3) {
    const [topic, header, payload] = await socket.receive();
    if (String(topic) === "event") continue;
    const { n, ...rest } = JSON.parse(String(header));
    told.push({ topic: String(topic), n, payload: payload!, header: rest });
  }
  // The third frame was too late: its numbers are missing.
  expect(told.map(({ topic, n }) => `${topic} ${n}`)).toEqual([
    "latents 0",
    "frame 0",
    "frame 1",
    "latents 2",
    "frame 3",
  ]);
  expect([...told[0]!.payload]).toEqual([...SERVER.frame.mu, ...SERVER.frame.logvar]);
  expect([...told[1]!.payload]).toEqual([...SERVER.frame.image]);
  expect(told[0]!.header).toMatchObject({ seq: sentMs.seq, closedMs: sentMs.stamps.closed });
  const status = await when(({ pending }) => pending === 0);
  expect(status).toMatchObject({ name: "zeromq", state: "open", late: 2, failed: 0 });
});

test("zeromq: an endpoint that is taken, and one beyond this machine", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  await expect(open({ zeromq: { enabled: true, endpoint: `tcp://127.0.0.1:${port}` } })).rejects.toThrow(
    /ADDRESS_IN_USE/,
  );
  server.close();
  await expect(open({ zeromq: { enabled: true, endpoint: "tcp://0.0.0.0:8788" } })).rejects.toThrow(
    /outputs\.zeromq\.endpoint: expected a loopback address/,
  );
});

const rules = [{ when: "state:ok", line: 3, durationMs: 2 }];

test("networkEvents: a pulse is raised and lowered, word for word as Open Ephys takes it", async () => {
  using peer = await OpenEphysPeer.open();
  const { urgent } = await open({ networkEvents: { enabled: true, endpoint: peer.endpoint, deadlineMs: FAR, rules } });
  urgent(frame());
  urgent(frame(0, { state: "no-reconstruction" }));
  await peer.requests.at(1);
  expect(peer.requests.all.map(({ what }) => what)).toEqual(["TTL Line=3 State=1", "TTL Line=3 State=0"]);
  const status = await when(({ pending }) => pending === 0);
  expect(status).toMatchObject({ state: "connected", offered: 1, sent: 1, detail: "" });
  expect(status.lastMs).toBeLessThanOrEqual(peer.requests.all[0]!.atMs);
});

test("networkEvents: nobody there: late at the deadline; then somebody comes, and it goes on", async () => {
  const endpoint = `tcp://127.0.0.1:${await freePort()}`;
  const { urgent } = await open({ networkEvents: { enabled: true, endpoint, deadlineMs: 30, replyMs: 50, rules } });
  urgent(frame());
  expect(await when(({ pending }) => pending === 0)).toMatchObject({ offered: 1, late: 1, state: "connecting" });
  using peer = await OpenEphysPeer.open(endpoint);
  await when(({ state }) => state === "connected");
  // The deadline counts from the close of the bin: on a busy machine the first ones may miss it again.
  while (peer.requests.all.length === 0) {
    urgent(frame());
    await when(({ pending }) => pending === 0);
  }
  expect(await when(({ sent }) => sent > 0)).toMatchObject({ failed: 0 });
});

test("networkEvents: no answer: failed, a new socket, and the line is lowered by whoever answers then", async () => {
  const dead = await OpenEphysPeer.open();
  const { endpoint } = dead;
  dead.beforeAnswer = null;
  const { urgent } = await open({ networkEvents: { enabled: true, endpoint, deadlineMs: FAR, replyMs: 100, rules } });
  urgent(frame());
  expect(await when(({ pending }) => pending === 0)).toMatchObject({ offered: 1, failed: 1 });
  expect(await when(({ detail }) => detail.includes("may still be high"))).toMatchObject({ sent: 0 });
  dead[Symbol.dispose]();
  using peer = await reopened(endpoint);
  expect((await peer.requests.at(0)).what).toBe("TTL Line=3 State=0");
  await when(({ detail }) => !detail.includes("high"));
  urgent(frame());
  expect((await peer.requests.at(1)).what).toBe("TTL Line=3 State=1");
  expect(await when(({ sent }) => sent === 1)).toMatchObject({ offered: 2, failed: 1, late: 0 });
});

/** ZeroMQ frees an address some time after its socket was closed. */
async function reopened(endpoint: string): Promise<OpenEphysPeer> {
  for (;;) {
    try {
      return await OpenEphysPeer.open(endpoint);
    } catch {
      await new Promise(setImmediate);
    }
  }
}

test("networkEvents: a slow peer makes the next ones late, and nothing queues up behind it", async () => {
  using peer = await OpenEphysPeer.open();
  const { promise: gate, resolve: answer } = Promise.withResolvers<void>();
  peer.beforeAnswer = () => gate;
  const lines = [1, 2, 4].map((line) => ({ when: "frame", line, durationMs: 1 }));
  const { urgent } = await open({
    networkEvents: { enabled: true, endpoint: peer.endpoint, deadlineMs: 40, replyMs: FAR, rules: lines },
  });
  await when(({ state }) => state === "connected");
  urgent(frame());
  const { what, atMs } = await peer.requests.at(0);
  expect(what).toBe("TTL Line=1 State=1");
  while (monotonicMs() <= atMs + 40) await new Promise(setImmediate);
  answer();
  expect(await when(({ pending }) => pending === 0)).toMatchObject({ offered: 3, sent: 1, late: 2, failed: 0 });
});

test("networkEvents: an answer that is none of a TTL is a failure, and says so", async () => {
  using peer = await OpenEphysPeer.open();
  const { urgent } = await open({
    networkEvents: {
      ...{ enabled: true, endpoint: peer.endpoint, deadlineMs: FAR },
      rules: [{ when: "frame", line: 256 }],
    },
  });
  peer.answer = () => "InvalidChannel";
  urgent(frame());
  const status = await when(({ failed }) => failed === 1);
  expect(status.detail).toContain('line 256: Open Ephys answered "InvalidChannel"');
});

test("serial: bytes at the beginning and the end of a pulse, on frames and on events", async () => {
  await using pty = await Pty.open();
  const { urgent, event } = await open({
    serial: {
      ...{ enabled: true, path: pty.path, deadlineMs: FAR },
      rules: [
        { when: "readout:category:house > 0.8", on: 65, off: 66, durationMs: 2 },
        { when: "event:stimulus *", on: 83, off: null },
      ],
    },
  });
  await when(({ state }) => state === "connected");
  urgent(frame());
  await pty.bytes.at(1);
  event(SERVER.event);
  urgent(frame());
  const { what } = await pty.bytes.at(4);
  expect([...pty.bytes.all.slice(0, 4).map((byte) => byte.what), what]).toEqual(["65", "66", "83", "65", "66"]);
  expect(outputs!.status()[0]).toMatchObject({ name: "serial", offered: 3, sent: 3, late: 0, failed: 0 });
});

test("serial: too late is not written", async () => {
  await using pty = await Pty.open();
  const serial = { enabled: true, path: pty.path, deadlineMs: FAR, rules: [{ when: "frame", on: 7, off: null }] };
  const { urgent } = await open({ serial });
  await when(({ state }) => state === "connected");
  urgent(frame(2 * FAR));
  urgent(frame());
  await pty.bytes.at(0);
  expect(pty.bytes.all).toHaveLength(1);
  expect(outputs!.status()[0]).toMatchObject({ offered: 2, sent: 1, late: 1 });
});

test("serial: a device that goes is noticed without a trigger, triggers fail, and it is opened again", async () => {
  await using pty = await Pty.open();
  const serial = { enabled: true, path: pty.path, deadlineMs: FAR, rules: [{ when: "frame", on: 7, off: null }] };
  const { urgent } = await open({ serial });
  await when(({ state }) => state === "connected");
  await pty.tell("unplug");
  await when(({ state }) => state === "lost");
  urgent(frame());
  expect(await when(({ pending }) => pending === 0)).toMatchObject({ offered: 1, failed: 1 });
  await pty.tell("plug");
  const again = await when(({ state }) => state === "connected");
  expect(again.detail).toContain("opened again 1 times");
  urgent(frame());
  expect((await pty.bytes.at(0)).what).toBe("7");
  expect(outputs!.status()[0]).toMatchObject({ offered: 2, sent: 1, failed: 1 });
});

test("serial: a device that takes nothing fails the trigger and holds up nobody", async () => {
  await using pty = await Pty.open();
  const serial = { enabled: true, path: pty.path, deadlineMs: FAR, rules: [{ when: "frame", on: 7, off: null }] };
  const { urgent } = await open({ serial });
  await when(({ state }) => state === "connected");
  await pty.tell("stop");
  while (outputs!.status()[0]!.failed === 0) {
    for (let i = 0; i < 1000; i++) urgent(frame());
    await new Promise(setImmediate);
  }
  const { sent, state, detail } = outputs!.status()[0]!;
  expect(state).toBe("connected");
  expect(detail).toContain("EAGAIN");
  await pty.tell("go");
  await pty.bytes.at(sent - 1);
  expect(pty.bytes.all).toHaveLength(sent);
});

test("serial: RTS of a device that has none is a failure that says so", async () => {
  await using pty = await Pty.open();
  await open({ serial: { enabled: true, path: pty.path, rules: [{ when: "frame", line: "rts" }] } });
  const { state } = await when(({ state: now }) => now === "lost");
  expect(state).toBe("lost");
});

test("networkEvents: the port of a source is refused, for both have the same default", async () => {
  await expect(open({ networkEvents: { enabled: true, rules } })).rejects.toThrow(
    /CONFIG_INVALID.*outputs\.networkEvents\.endpoint: expected .* got "tcp:\/\/127\.0\.0\.1:5556"/,
  );
});

test("rules that the bundle cannot fulfil end the start, and leave nothing open", async () => {
  const endpoint = `tcp://127.0.0.1:${await freePort()}`;
  const wrong = { enabled: true, path: "/dev/null", rules: [{ when: "readout:colour:red > 0.5" }] };
  await expect(open({ serial: wrong, zeromq: { enabled: true, endpoint } })).rejects.toThrow(
    /CONFIG_INVALID.*readout: expected one of category, position, got "colour"/,
  );
  await open({ zeromq: { enabled: true, endpoint } });
});
