import fc from "fast-check";
import { Packr } from "msgpackr";
import { describe, expect, it } from "vitest";
import { borrowBin, copyFloat32, copyUint16 } from "../../src/protocol/bins.ts";
import { encodeClient, encodeServer } from "../../src/protocol/encode.ts";
import { parseClientMessage, parseServerMessage } from "../../src/protocol/parse.ts";
import { CLIENT, SERVER } from "../golden/protocol-messages.ts";

const plain = new Packr({ useRecords: false });
const pack = (value: unknown) => new Uint8Array(plain.pack(value));
const malformed = (problem: unknown, id: number | null = null) => ({
  ...{ ok: false, code: "PROTOCOL_MALFORMED", problem, id },
});

const isId = (id: unknown) => id === null || Number.isSafeInteger(id);

/** `{ type: "ping", id: <raw bytes> }` */
function pingWith(...raw: number[]): Uint8Array {
  return Uint8Array.of(
    0x82,
    0xa4,
    ...Buffer.from("type"),
    0xa4,
    ...Buffer.from("ping"),
    0xa2,
    ...Buffer.from("id"),
    ...raw,
  );
}

describe("client messages", () => {
  it.each([
    ["nothing", new Uint8Array(0), /ends after 0 bytes/],
    ["bytes after the message", Uint8Array.of(...pingWith(1), 0), /1 bytes after/],
    ["a cut message", pingWith(0xcb, 0, 0), /beyond the end|ends after/],
    ["a length beyond the end", pingWith(0xdd, 0xff, 0xff, 0xff, 0xff), /beyond the end/],
    ["the never-used byte", pingWith(0xc1), /extension \(0xc1\)/],
    ["a regular expression extension", pingWith(0xd4, 0x78, 0x01), /extension/],
    ["a record definition", pingWith(0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61, 0x01), /extension/],
    ["a cyclic reference", pingWith(0xd6, 0x69, 0, 0, 0, 1, 0x90), /extension/],
    ["a number as key", Uint8Array.of(0x81, 0x01, 0x01), /string as key/],
    ["deep nesting", Uint8Array.from([...new Array(60_000).fill(0x91), 0]), /nested deeper than 8/],
    ["an array", pack([1]), /map with a string `type`/],
    ["a number for a type", pack({ type: 1 }), /map with a string `type`/],
    ["a fraction as id", pack({ type: "ping", id: 1.5 }), /^ping\.id/],
    ["text as id", pack({ type: "ping", id: "1" }), /^ping\.id/],
    ["an unknown topic", pack({ type: "subscribe", topics: ["frame", "brain"] }), /^subscribe\.topics\.1/],
    ["steering beyond the range", pack({ type: "steer", gamma: [0, 10.001] }), /^steer\.gamma\.1/],
    ["NaN steering", pack({ type: "steer", gamma: [Number.NaN] }), /^steer\.gamma\.0/],
    ["infinite time", pack({ type: "shown", seq: 1, atMs: Number.POSITIVE_INFINITY }), /^shown\.atMs/],
    ["guidance that is no number", pack({ type: "steer", gamma: [], guidance: "1" }), /^steer\.guidance/],
    ["an event without text", pack({ type: "event", id: 1, text: "" }), /^event\.text/],
    ["an event of a novel", pack({ type: "event", id: 1, text: "x".repeat(257) }), /^event\.text/],
    ["an event without id", pack({ type: "event", text: "x" }), /^event\.id/],
    ["an event at no time", pack({ type: "event", id: 1, text: "x", atMs: Number.NaN }), /^event\.atMs/],
    ["a picture of no size", pack({ ...CLIENT.present, type: "present", width: 0 }), /^present\.width/],
    ["a large picture", pack({ ...CLIENT.present, type: "present", height: 129 }), /^present\.height/],
    ["a cut picture", pack({ ...CLIENT.present, type: "present", height: 2 }), /^present\.image: expected width \*/],
    ["a picture of numbers", pack({ ...CLIENT.present, type: "present", image: [1, 2, 3] }), /^present\.image/],
    ["negative seq", pack({ type: "shown", seq: -1, atMs: 0 }), /^shown\.seq/],
  ])("refuses %s", (_, bytes, problem) => {
    expect(parseClientMessage(bytes)).toMatchObject(malformed(expect.stringMatching(problem), expect.toSatisfy(isId)));
  });

  it("refuses messages over the size limit before looking into them", () => {
    expect(parseClientMessage(new Uint8Array(65_537))).toEqual(
      malformed("message: expected at most 65536 bytes, got 65537"),
    );
  });

  it.each(["frame", "toString", "__proto__", "constructor"])("does not know the type %s", (type) => {
    const problem = expect.stringContaining(
      `expected one of subscribe, steer, shown, ping, event, present, switch, adapt, got "${type}"`,
    );
    expect(parseClientMessage(pack({ type }))).toEqual({ ok: false, code: "PROTOCOL_UNSUPPORTED", problem, id: null });
  });

  it("says the id of what it refuses, where there is one", () => {
    expect(parseClientMessage(pack({ type: "steer", gamma: [11], id: 8 }))).toMatchObject({ ok: false, id: 8 });
    expect(parseClientMessage(pack({ type: "dance", id: 9 }))).toMatchObject({ ok: false, id: 9 });
    expect(parseClientMessage(pack({ type: "ping", id: 1.5 }))).toMatchObject({ ok: false, id: null });
  });

  it("ignores unknown keys, and __proto__ touches no prototype", () => {
    const bytes = plain.pack(JSON.parse('{"type":"ping","id":3,"__proto__":{"polluted":1},"constructor":{"x":1}}'));
    expect(parseClientMessage(bytes)).toEqual({ ok: true, message: { type: "ping", id: 3 } });
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
  });

  it("reads integers of other encoders: 64 bits wide", () => {
    expect(parseClientMessage(pingWith(0xcf, 0, 0, 0, 1, 0, 0, 0, 0))).toMatchObject({ message: { id: 2 ** 32 } });
    expect(parseClientMessage(pingWith(0xd3, ...new Array(8).fill(0xff)))).toMatchObject({ message: { id: -1 } });
  });

  it("never throws on random bytes, nor on mutated messages", () => {
    const valid = fc.constantFrom(
      encodeClient("steer", CLIENT.steer),
      encodeClient("subscribe", CLIENT.subscribe),
      encodeClient("event", CLIENT.event),
      encodeClient("present", CLIENT.present),
    );
    const mutated = fc
      .tuple(valid, fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { maxLength: 4 }))
      .map(([bytes, edits]) => {
        const copy = new Uint8Array(bytes);
        for (const [at, value] of edits) copy[at % copy.length] = value;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated), (bytes) => {
        const parsed = parseClientMessage(bytes);
        if (!parsed.ok) expect(parsed.problem.length).toBeGreaterThan(0);
      }),
      { numRuns: 3000 },
    );
  });

  it("accepts every plain message that the encoder makes", () => {
    // MessagePack integers have no -0: it arrives as 0.
    const gain = fc.double({ min: -10, max: 10, noNaN: true }).map((value) => value + 0);
    const steer = fc.array(gain, { maxLength: 64 });
    fc.assert(
      fc.property(steer, (gamma) => {
        expect(parseClientMessage(encodeClient("steer", { gamma }))).toEqual({
          ok: true,
          message: { type: "steer", gamma },
        });
      }),
    );
  });
});

describe("server messages", () => {
  it("gives PROTOCOL_UNSUPPORTED for types of a later version", () => {
    expect(parseServerMessage(pack({ type: "hologram" }))).toMatchObject({ ok: false, code: "PROTOCOL_UNSUPPORTED" });
  });

  it("refuses floats of a broken length", () => {
    const bytes = encodeServer("frame", { ...SERVER.frame, mu: new Uint8Array(5) });
    expect(parseServerMessage(bytes)).toEqual(malformed(expect.stringMatching(/^frame\.mu: expected float32/)));
  });

  it("reads floats at any offset", () => {
    for (let pad = 0; pad < 4; pad++) {
      const parsed = parseServerMessage(encodeServer("frame", { ...SERVER.frame, source: "x".repeat(pad) }));
      const mu = parsed.ok && parsed.message.type === "frame" ? copyFloat32(parsed.message.mu) : null;
      expect(mu).toEqual(Float32Array.of(0.5, -1.25, 3.0e-7, 2));
    }
  });

  it("accepts frames that are not sure of themselves: NaN evidence", () => {
    const bytes = encodeServer("frame", { ...SERVER.frame, explained: Number.NaN, atypicality: Number.NaN });
    expect(parseServerMessage(bytes)).toMatchObject({ ok: true });
  });
});

describe("bins", () => {
  it("copies back what was borrowed, views into larger buffers included", () => {
    const floats = Float32Array.of(9, 1, 2, 9).subarray(1, 3);
    expect(copyFloat32(borrowBin(floats))).toEqual(Float32Array.of(1, 2));
    expect(copyUint16(borrowBin(Uint16Array.of(1, 65_535)))).toEqual(Uint16Array.of(1, 65_535));
    expect(borrowBin(floats).buffer).toBe(floats.buffer);
  });

  it("throws RangeError on broken lengths", () => {
    expect(() => copyFloat32(new Uint8Array(3))).toThrow(RangeError);
    expect(() => copyUint16(new Uint8Array(3))).toThrow(RangeError);
  });
});

it("a status from before a source was heard of is read: its clock is not known", () => {
  const clock = { offsetMs: Number.NaN, uncertaintyMs: Number.POSITIVE_INFINITY };
  const source = { ...SERVER.status.source, state: "connecting", clock } as const;
  const parsed = parseServerMessage(encodeServer("status", { ...SERVER.status, source, sources: [source] }));
  expect(parsed).toMatchObject({ ok: true, message: { source: { clock }, sources: [{ clock }] } });
});
