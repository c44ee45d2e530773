import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ZmtpDecoder, zmtpEncode } from "../../adapters/zeromq/zmtp.ts";
import { FUZZ_TIMEOUT_MS, RUNS } from "./fuzz-runs.ts";

const LIMITS = { maxMessageBytes: 1_000_000, maxFrames: 8 };

/** The other side's bytes, written from the specification. */
function greeting({ major = 3, minor = 1, mechanism = "NULL" } = {}): Buffer {
  const signature = Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, major, minor]);
  return Buffer.concat([signature, Buffer.from(mechanism.padEnd(20, "\0")), Buffer.alloc(32)]);
}
function frame(body: Uint8Array | string, { more = false, command = false, long = body.length > 255 } = {}): Buffer {
  const flags = (more ? 1 : 0) | (long ? 2 : 0) | (command ? 4 : 0);
  const head = Buffer.alloc(long ? 9 : 2);
  head.writeUInt8(flags, 0);
  if (long) head.writeBigUInt64BE(BigInt(body.length), 1);
  else head.writeUInt8(body.length, 1);
  return Buffer.concat([head, Buffer.from(body as Uint8Array)]);
}
const ready = (type = "PUB") =>
  frame(`\u0005READY\u000bSocket-Type\0\0\0${String.fromCharCode(type.length)}${type}`, { command: true });
const message = (...bodies: (Uint8Array | string)[]) =>
  Buffer.concat(bodies.map((body, i) => frame(body, { more: i + 1 < bodies.length })));

function decode(chunks: Iterable<Uint8Array>) {
  const seen: string[] = [];
  const decoder = new ZmtpDecoder(
    {
      greeted: (minor) => seen.push(`greeted ${minor}`),
      ready: () => seen.push("ready"),
      message: (frames) => seen.push(frames.map((each) => Buffer.from(each).toString("latin1")).join("|")),
      ping: (context) => seen.push(`ping ${Buffer.from(context)}`),
    },
    LIMITS,
  );
  for (const chunk of chunks) {
    const own = Uint8Array.from(chunk);
    const refusal = decoder.push(own);
    own.fill(0xaa); // the reader's buffer is used again
    if (refusal !== undefined) return { seen, refusal };
  }
  return { seen, refusal: undefined };
}
function* cut(bytes: Uint8Array, sizes: readonly number[]) {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

const long = "x".repeat(70_000);
const session = Buffer.concat([
  greeting(),
  ready(),
  message("EVENT\0", "{}", long),
  frame("\u0004PING\0\u0001ctx", { command: true }),
  message("a", "", "b"),
  message(""),
]);
const wanted = ["greeted 1", "ready", `EVENT\0|{}|${long}`, "ping ctx", "a||b", ""];

test("a whole connection, however it is cut into reads", () => {
  expect(decode([session])).toEqual({ seen: wanted, refusal: undefined });
  for (const size of [1, 2, 3, 63, 64, 65, 4_096]) expect(decode(cut(session, [size])).seen).toEqual(wanted);
  const sizes = fc.array(fc.integer({ min: 1, max: 50_000 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(sizes, (all) => {
      expect(decode(cut(session, all)).seen).toEqual(wanted);
    }),
  );
});

test("what we send is what the specification says", () => {
  expect(zmtpEncode.greeting()).toEqual(
    Buffer.concat([Buffer.from("ff00000000000000007f0301", "hex"), greeting().subarray(12)]),
  );
  expect(zmtpEncode.ready()).toEqual(ready("SUB"));
  expect(zmtpEncode.subscribe("EVENT", 1)).toEqual(frame("\u0009SUBSCRIBEEVENT", { command: true }));
  expect(zmtpEncode.subscribe("EVENT", 0)).toEqual(frame("\u0001EVENT"));
  expect(zmtpEncode.pong(Buffer.from("ctx"))).toEqual(frame("\u0004PONGctx", { command: true }));
});

describe("a peer that cannot be talked to is refused in a sentence", () => {
  const hello = Buffer.concat([greeting(), ready()]);
  const huge = Buffer.from([2, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff]);
  const endless = Buffer.concat(Array.from({ length: 9 }, () => frame("a", { more: true })));
  test.each([
    ["no ZeroMQ", Buffer.from(`HTTP/1.1 400 Bad Request\r\n${" ".repeat(60)}`), /does not speak ZeroMQ/],
    ["version 2", greeting({ major: 2 }), /speaks version 2/],
    ["CURVE", greeting({ mechanism: "CURVE" }), /wants security CURVE: set curve/],
    ["another socket", Buffer.concat([greeting(), ready("REP")]), /is a REP socket, expected a publisher/],
    ["a message too early", Buffer.concat([greeting(), message("a")]), /before the handshake/],
    [
      "an error",
      Buffer.concat([greeting(), frame("\u0005ERROR\u0002no", { command: true })]),
      /refused the connection: no/,
    ],
    ["unknown flags", Buffer.concat([hello, Buffer.from([0x80, 1, 0])]), /unknown kind/],
    ["a frame without end", Buffer.concat([hello, huge]), /longer than 1000000 bytes/],
    ["frames without end", Buffer.concat([hello, endless]), /more than 8 frames/],
  ])("%s", (_name, bytes, sentence) => expect(decode([bytes]).refusal).toMatch(sentence));
});

test("fuzz: it never throws, and never gives more than came", { timeout: FUZZ_TIMEOUT_MS }, () => {
  const part = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.array(fc.uint8Array({ maxLength: 12 }), { minLength: 1, maxLength: 4 }).map((bodies) => message(...bodies)),
    fc.tuple(fc.nat(7), fc.nat(255), fc.uint8Array({ maxLength: 20 })).map(([a, b, c]) => Buffer.from([a, b, ...c])),
    fc.uint8Array({ maxLength: 30 }).map((body) => frame(body, { command: true })),
  );
  const sizes = fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1, maxLength: 6 });
  let messages = 0;
  fc.assert(
    fc.property(fc.array(part, { maxLength: 4 }), sizes, fc.nat(9), (parts, cuts, kind) => {
      const start =
        kind === 0
          ? Buffer.alloc(0)
          : Buffer.concat([greeting({ minor: kind % 3 }), kind > 1 ? ready() : Buffer.alloc(0)]);
      const bytes = Buffer.concat([start, ...parts]);
      const { seen } = decode(cut(bytes, cuts));
      messages += seen.length;
      expect(seen.join("").length).toBeLessThan(bytes.length + 30);
    }),
    { numRuns: RUNS, seed: 6 },
  );
  expect(messages).toBeGreaterThan(RUNS);
});
