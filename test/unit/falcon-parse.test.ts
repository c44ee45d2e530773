import { beforeEach, describe, expect, test } from "vitest";
import { float32Samples } from "../../adapters/detection/channels.ts";
import { detectSettings } from "../../adapters/detection/options.ts";
import { encodeBlock } from "../../adapters/falcon-output/encode.ts";
import { createFalconIntake } from "../../adapters/falcon-output/intake.ts";
import { parseBlock } from "../../adapters/falcon-output/parse.ts";
import type { Intake } from "../../adapters/zeromq/subscribe.ts";
import { createRandom } from "../../rig/random.ts";
import { spikeWaveform } from "../../rig/signals.ts";
import { emptyCounters, type SourceCounters, type SourceMessage } from "../../src/signal/types.ts";

/** Written with the FlatBuffers project's own Python builder: another layout than our encoder's. */
const GOLDEN = Buffer.from(
  "HAAAAAAAFgA0ABgAFAAQAAwACAAsACQAHAAEABYAAAAwdQAABAAAAAIAAABUAAAARAAAABwAAAAqAAAAAAAAAAAAAAAAAClAywT7cR8BAAAIAAAAAADAPwAAAMAAAEBA" +
    "AACIwAAAIEEAAKBBAADwQQAAIEIEAAAAAAAAAAUABAAIAAAAUHJvYmUgw6kAAAAA",
  "base64",
);
const wanted = {
  kind: "block",
  stream: "Probe é",
  channels: 2,
  numSamples: 4,
  sampleNum: 1_234_567_890_123,
  messageId: 42n,
  sampleRateHz: 30_000,
};
const VALUES = Float32Array.of(1.5, -2, 3, -4.25, 10, 20, 30, 40);

describe("a block", () => {
  test("of the reference implementation", () => {
    const block = parseBlock([GOLDEN]);
    expect(block).toMatchObject(wanted);
    if (block.kind !== "block") return;
    expect(float32Samples(block.samples)).toEqual(VALUES);
    expect([...block.eventCodes]).toEqual([0, 0, 0, 0, 5, 0, 4, 0]);
  });
  test("of our encoder, wherever it lies in memory", () => {
    const fields = { stream: "Probe é", channels: 2, sampleNum: wanted.sampleNum, messageId: 42n, timestamp: 12.5 };
    const eventCodes = Uint16Array.of(0, 0, 5, 4);
    const bytes = encodeBlock({ ...fields, samples: VALUES, eventCodes, sampleRateHz: 30_000 });
    for (const shift of [0, 1, 2, 3]) {
      const block = parseBlock([Buffer.concat([Buffer.alloc(shift), bytes]).subarray(shift)]);
      expect(block).toMatchObject(wanted);
      if (block.kind === "block") expect(float32Samples(block.samples)).toEqual(VALUES);
    }
  });
  test.each([
    ["two frames", [GOLDEN, GOLDEN], /^frames: expected 1, got 2/],
    ["nothing", [Buffer.alloc(0)], /^message: expected a FlatBuffer/],
    ["a root outside", [Buffer.alloc(8, 0xff)], /^message: expected a FlatBuffer/],
    ["cut in the samples", [GOLDEN.subarray(0, 104)], /^samples: expected 32 bytes, got 0/],
  ])("%s", (_name, frames, sentence) => {
    const message = parseBlock(frames);
    expect(message.kind === "malformed" && message.reason).toMatch(sentence);
  });
});

describe("intake", () => {
  const SAMPLES = 300;
  let counters: SourceCounters;
  let out: SourceMessage[];
  let intake: Intake;
  const random = createRandom(8, 8);
  beforeEach(() => {
    counters = emptyCounters();
    out = [];
    const context = { source: "rig", unitLabels: ["CH2.0"], counters, now: () => 0, log: () => {} };
    const detect = detectSettings.parse({ settleS: 0.1 });
    intake = createFalconIntake({ detect, electrodes: {} }, context, (message) => out.push(message));
  });
  function push(number: number, { id = number, code = 0, spike = false, stream = "s", rate = 30_000 } = {}) {
    const samples = Float32Array.from({ length: 2 * SAMPLES }, () => 5 * random.normal());
    if (spike)
      spikeWaveform(-150).forEach((value, i) => {
        samples[SAMPLES + 100 + i]! += value;
      });
    const place = { sampleNum: number * SAMPLES, messageId: BigInt(id), sampleRateHz: rate, timestamp: 0 };
    const eventCodes = new Uint16Array(SAMPLES).fill(code, 150);
    if (code !== 0 && number > 0) eventCodes.fill(0, 0, 150);
    intake.push([encodeBlock({ samples, eventCodes, stream, channels: 2, ...place })]);
  }

  test("spikes are found, with their time and unit; the clock goes on with each block", () => {
    for (let block = 0; block < 30; block++) push(block, { spike: block === 20 });
    intake.flush();
    expect(counters).toMatchObject({ messages: 30, spikes: 1, missed: 0, restarts: 0 });
    const spikes = out.find((message) => message.kind === "spikes");
    expect(spikes?.units).toEqual(Uint16Array.of(0));
    expect(spikes?.times[0]).toBeCloseTo((20 * SAMPLES + 108) / 30_000, 3);
    expect(out.at(-1)).toMatchObject({ kind: "clock", time: 0.3 });
  });
  test("lines that change are TTL events at their sample", () => {
    push(0);
    push(1, { code: 0x8001 });
    intake.flush();
    const events = out.flatMap((message) => (message.kind === "event" ? [[message.text, message.time]] : []));
    const time = (SAMPLES + 150) / 30_000;
    expect(events).toEqual([
      ["line=0 state=1", time],
      ["line=15 state=1", time],
    ]);
  });
  test("blocks that are missing are counted once, by either number", () => {
    for (const block of [0, 1, 4, 5]) push(block);
    expect(counters.missed).toBe(2);
    push(8, { id: 6 });
    expect(counters.missed).toBe(4);
    push(9, { id: 7 });
    expect(counters).toMatchObject({ missed: 4, restarts: 0, duplicates: 0 });
  });
  test("a block that others overtook is no loss, one that comes twice is counted", () => {
    for (const block of [0, 2, 1, 3, 3]) push(block);
    expect(counters).toMatchObject({ missed: 0, duplicates: 1, restarts: 0 });
  });
  test("a new acquisition: samples from 0, message ids go on", () => {
    for (let block = 0; block < 400; block++) push(block);
    push(0, { id: 400 });
    push(1, { id: 401 });
    expect(counters).toMatchObject({ restarts: 1, missed: 0 });
  });
  test("other streams are ignored, another rate is another clock", () => {
    push(0);
    push(0, { stream: "other" });
    push(1, { rate: 20_000 });
    expect(counters).toMatchObject({ ignored: 1, restarts: 1 });
  });
});
