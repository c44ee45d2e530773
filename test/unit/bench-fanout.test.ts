import fc from "fast-check";
import { expect, test } from "vitest";
import { clientFrame, FrameCounter, PING, SUBSCRIBE_FRAMES } from "../../bench/fanout/wire.ts";
import { binaryFrame } from "../../daemon/server/frame-bytes.ts";

const pictures = fc.oneof(fc.integer({ min: 0, max: 130 }), fc.constantFrom(65_535, 65_536, 70_000));
const message = fc.oneof(
  fc.record({ kind: fc.constant("picture" as const), bytes: pictures }),
  fc.record({ kind: fc.constant("ping" as const), bytes: fc.nat(125) }),
);

/** As the server sends it: not masked. */
function serverFrame({ kind, bytes }: { kind: "picture" | "ping"; bytes: number }): Uint8Array {
  const payload = new Uint8Array(bytes).fill(bytes);
  return kind === "picture" ? binaryFrame(payload) : Uint8Array.from([0x80 | PING, bytes, ...payload]);
}

test("the crowd counts every message and hands every ping on, wherever the stream is cut", () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 6 }), fc.array(fc.nat(), { maxLength: 12 }), (messages, cuts) => {
      const stream = Buffer.concat(messages.map(serverFrame));
      const pings: number[] = [];
      const counter = new FrameCounter((payload) => pings.push(payload.length));
      const edges = [0, ...cuts.map((cut) => cut % (stream.length + 1)), stream.length].sort((a, b) => a - b);
      for (let i = 1; i < edges.length; i++) counter.take(stream.subarray(edges[i - 1], edges[i]));
      expect(counter.messages).toBe(messages.filter(({ kind }) => kind === "picture").length);
      expect(pings).toEqual(messages.filter(({ kind }) => kind === "ping").map(({ bytes }) => bytes));
    }),
  );
});

test("what the crowd says is masked, as a server demands", () => {
  for (const frame of [SUBSCRIBE_FRAMES, clientFrame(PING, Uint8Array.of(1, 2))]) {
    expect(frame[1]! & 0x80).toBe(0x80);
    expect(frame.length).toBe(6 + (frame[1]! & 127));
  }
});
