import { beforeEach, describe, expect, test } from "vitest";
import { jsonFormat, rawFormat } from "../../adapters/event-broadcaster/encode.ts";
import { createBroadcastIntake } from "../../adapters/event-broadcaster/intake.ts";
import { parseBroadcast } from "../../adapters/event-broadcaster/parse.ts";
import { emptyCounters, type SourceCounters, type SourceMessage } from "../../src/signal/types.ts";

const TTL = Buffer.from([0, 0]);
const SPIKE = Buffer.from([1, 0]);
const origin = { stream: "Rhythm Data", streamId: 0x1234, sourceNode: 103, sampleRateHz: 30_000, sampleNum: 0x10203 };
const spike = { ...origin, electrode: "E1", electrodeIndex: 4, sortedId: 0x0201, amplitudes: [-60.5] };
const ttl = { ...origin, channelName: "TTL", line: 9, state: 1 } as const;

// Written from the layouts of the plugin, not by our encoder.
const RAW_SPIKE = "02016700341204000302010000000000";

describe("what the encoder writes is the plugin's layout", () => {
  test("raw spike: 24 bytes common, sorted id, thresholds, waveform", () => {
    const [topic, body] = rawFormat.spike(spike, Float32Array.of(1));
    expect(topic).toEqual(SPIKE);
    expect(body.length).toBe(26 + 4 + 4);
    expect(body.subarray(0, 16).toString("hex")).toBe(RAW_SPIKE);
    expect(body.readDoubleLE(16)).toBe(0x10203 / 30_000);
    expect(body.subarray(24).toString("hex")).toBe("0102000048c20000803f");
  });
  test("raw TTL: line, state, word", () => {
    const [topic, body] = rawFormat.ttl(ttl);
    expect(topic).toEqual(TTL);
    expect(body.subarray(0, 16).toString("hex")).toBe("01036700341200000302010000000000");
    expect(body.subarray(24).toString("hex")).toBe("09010002000000000000");
  });
  test("JSON", () => {
    expect(String(jsonFormat.spike(spike)[1])).toBe(
      '{"event_type":"spike","stream":"Rhythm Data","source_node":103,"electrode":"E1","num_channels":1,"sample_rate":30000,"sample_number":66051,"sorted_id":513,"amp1":-60.5}',
    );
    expect(String(jsonFormat.ttl(ttl)[1])).toBe(
      '{"event_type":"ttl","stream":"Rhythm Data","source_node":103,"sample_rate":30000,"channel_name":"TTL","sample_number":66051,"line":9,"state":1}',
    );
  });
});

describe("parsed", () => {
  test("JSON and raw, spike and TTL", () => {
    const place = { sampleNum: 0x10203 };
    const json = { ...place, stream: "Rhythm Data", sampleRateHz: 30_000 };
    const raw = { ...place, stream: String(0x1234), sampleRateHz: undefined };
    const unit = { kind: "spike", sortedId: 513 };
    expect(parseBroadcast(jsonFormat.spike(spike))).toEqual({ ...json, ...unit, electrode: "E1" });
    expect(parseBroadcast(rawFormat.spike(spike, new Float32Array(40)))).toEqual({
      ...raw,
      ...unit,
      electrode: "Electrode 5",
    });
    expect(parseBroadcast(jsonFormat.ttl(ttl))).toEqual({ ...json, kind: "ttl", line: 9, state: 1 });
    expect(parseBroadcast(rawFormat.ttl(ttl))).toEqual({ ...raw, kind: "ttl", line: 9, state: 1 });
  });
  test.each([
    ["one frame", [SPIKE], /^frames: expected 2, got 1/],
    [
      "a topic of text, as the documentation has it",
      [Buffer.from("spike"), Buffer.from("{}")],
      /^topic: expected 2 bytes, got 5/,
    ],
    ["an unknown topic", [Buffer.from([2, 0]), Buffer.from("{}")], /^topic: expected 0 \(TTL\) or 1 \(spike\), got 2/],
    ["half a raw TTL", [TTL, Buffer.alloc(33)], /^raw TTL: expected 34 bytes, got 33/],
    ["a raw spike of broken floats", [SPIKE, Buffer.alloc(31)], /^raw spike/],
    ["JSON cut short", [SPIKE, Buffer.from('{"electrode":')], /^message: expected a JSON object/],
    ["no sample", [SPIKE, Buffer.from('{"electrode":"E1","sorted_id":1}')], /^sample_number/],
    ["a spike as TTL", [TTL, jsonFormat.spike(spike)[1]], /^line/],
  ])("%s", (_name, frames, sentence) => {
    const message = parseBroadcast(frames);
    expect(message.kind === "malformed" && message.reason).toMatch(sentence);
  });
});

describe("intake", () => {
  let counters: SourceCounters;
  let out: SourceMessage[];
  const make = (electrodes = {}) => {
    const context = { source: "rig", unitLabels: ["E1.513"], counters, now: () => 0, log: () => {} };
    return createBroadcastIntake({ sampleRateHz: 30_000, electrodes }, context, (message) => out.push(message));
  };
  beforeEach(() => {
    counters = emptyCounters();
    out = [];
  });
  test("the raw format's electrodes go by their number", () => {
    const intake = make({ "Electrode 5": "E1" });
    intake.push(rawFormat.spike(spike, new Float32Array(1)));
    intake.flush();
    expect(out).toMatchObject([{ kind: "spikes", times: Float64Array.of(0x10203 / 30_000), units: Uint16Array.of(0) }]);
  });
  test("the same spike twice is one; samples far back are a new acquisition; nothing is ever missed", () => {
    const intake = make();
    for (const sampleNum of [90_000, 90_000, 90_300, 100]) intake.push(jsonFormat.spike({ ...spike, sampleNum }));
    expect(counters).toMatchObject({ spikes: 3, duplicates: 1, restarts: 1, missed: 0 });
  });
  test("JSON says the sample rate", () => {
    const intake = make();
    intake.push(jsonFormat.spike({ ...spike, sampleNum: 20_000, sampleRateHz: 20_000 }));
    intake.flush();
    expect(out).toMatchObject([{ times: Float64Array.of(1) }]);
  });
});
