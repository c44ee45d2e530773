import { describe, expect, test } from "vitest";
import { createEncoder } from "../../adapters/open-ephys/encode.ts";
import { parseMessage } from "../../adapters/open-ephys/parse.ts";

const encoder = createEncoder({ stream: "Rhythm Data", sourceNode: 103, wallClockMs: () => 0 });
const envelope = Buffer.from("EVENT\0");
const waveform = Buffer.alloc(160);
const spikeBody = { electrode: "E1", sample_num: 9, num_channels: 1, num_samples: 40, sorted_id: 1, threshold: [-50] };

function parseJson(header: unknown, ...payload: Buffer[]) {
  return parseMessage([envelope, Buffer.from(JSON.stringify(header)), ...payload]);
}
const spike = (change: object, payload = waveform) =>
  parseJson({ message_num: 1, type: "spike", spike: { ...spikeBody, ...change } }, payload);

test("what the encoder writes comes back", () => {
  const fields = { electrode: "E 1", sampleNum: 10, sortedId: 65_535, threshold: [-50, -40] };
  expect(parseMessage(encoder.spike({ ...fields, waveform: new Float32Array(80) }))).toMatchObject({
    kind: "spike",
    messageNum: 0,
    sampleNum: 10,
    electrode: "E 1",
    sortedId: 65_535,
  });
  const block = { channel: 2, channelName: "CH3", sampleNum: 5, sampleRateHz: 30_000, samples: new Float32Array(3) };
  expect(parseMessage(encoder.data(block))).toMatchObject({ kind: "data", sampleNum: 5, numSamples: 3, channel: 2 });
  const word = (1n << 63n) | 4n;
  expect(parseMessage(encoder.ttl(6, 2, 1, word))).toMatchObject({
    kind: "ttl",
    sampleNum: 6,
    line: 2,
    state: 1,
    word,
  });
  expect(parseMessage(encoder.text(7, "stimulus é"))).toMatchObject({ kind: "text", sampleNum: 7, text: "stimulus é" });
});

describe("older and sibling versions are read", () => {
  test("message_no, the key before June 2022", () => {
    expect(parseJson({ message_no: 4, type: "spike", spike: spikeBody }, waveform)).toMatchObject({ messageNum: 4 });
  });
  test("a spike body under `content`", () => {
    expect(parseJson({ message_num: 4, type: "spike", content: spikeBody }, waveform).kind).toBe("spike");
  });
  test("a waveform of one sample, when full waveforms are off", () => {
    expect(spike({ num_samples: 1 }, Buffer.alloc(4)).kind).toBe("spike");
  });
});

describe("malformed", () => {
  const reason = (message: ReturnType<typeof parseMessage>) => (message.kind === "malformed" ? message.reason : "fine");
  test.each([
    ["no frames", () => parseMessage([]), /^frames: expected 2 or 3, got 0/],
    ["only an envelope", () => parseMessage([envelope]), /got 1/],
    ["four frames", () => parseMessage([envelope, envelope, envelope, envelope]), /got 4/],
    [
      "truncated JSON",
      () => parseMessage([envelope, Buffer.from('{ "message_num": 1, "ty')]),
      /^header: expected JSON/,
    ],
    ["an array", () => parseJson([]), /^header: expected a JSON object/],
    ["a header too long", () => parseMessage([envelope, Buffer.alloc(20_000, 32)]), /^header: expected at most/],
    ["no number", () => parseJson({ type: "spike" }), /^message_num/],
    ["an unknown type", () => parseJson({ message_num: 1, type: "constructor" }), /^type: .*got constructor/],
    ["no body", () => parseJson({ message_num: 1, type: "spike" }, waveform), /^spike: expected an object/],
    ["negative sample", () => spike({ sample_num: -1 }), /^sample_num/],
    ["fractional sample", () => spike({ sample_num: 1.5 }), /^sample_num/],
    ["sorted id beyond uint16", () => spike({ sorted_id: 65_536 }), /^sorted_id: expected a uint16, got 65536/],
    ["electrode that is no name", () => spike({ electrode: 3 }), /^electrode/],
    ["waveform of another size", () => spike({}, Buffer.alloc(156)), /^waveform: expected 160 bytes, got 156/],
    ["missing waveform", () => parseJson({ message_num: 1, type: "spike", spike: spikeBody }), /got undefined/],
    ["no channels", () => spike({ num_channels: 0 }, Buffer.alloc(0)), /^num_channels/],
    ["TTL of 9 bytes", () => event(3, Buffer.alloc(9)), /^TTL payload: expected 10 bytes, got 9/],
    ["TTL state 2", () => event(3, Buffer.from([0, 2, 0, 0, 0, 0, 0, 0, 0, 0])), /^TTL state/],
    ["custom event", () => event(7, Buffer.alloc(10)), /^content.type/],
    ["event without payload", () => event(3), /^payload/],
  ])("%s", (_name, parse, sentence) => expect(reason(parse())).toMatch(sentence));

  test("infinite sample number", () => {
    const header = '{"message_num":1,"type":"spike","spike":{"electrode":"E","sample_num":1e999}}';
    expect(reason(parseMessage([envelope, Buffer.from(header), waveform]))).toMatch(/^sample_num.*Infinity/);
  });
});

function event(type: number, ...payload: Buffer[]) {
  return parseJson({ message_num: 1, type: "event", content: { type, sample_num: 1 } }, ...payload);
}
