import fc from "fast-check";
import { expect, test } from "vitest";
import { createEncoder } from "../../adapters/open-ephys/encode.ts";
import { createIntake } from "../../adapters/open-ephys/intake.ts";
import { parseMessage } from "../../adapters/open-ephys/parse.ts";
import { emptyCounters, type SourceMessage } from "../../src/signal/types.ts";
import { FUZZ_TIMEOUT_MS, RUNS } from "./fuzz-runs.ts";

/** Valid messages with one thing broken: a key dropped or replaced, a frame cut, added or left out, a byte flipped. */
const nearlyValid = fc
  .record({
    kind: fc.constantFrom("spike", "data", "ttl", "text"),
    sample: fc.nat(),
    cut: fc.nat(400),
    flip: fc.nat(400),
    byte: fc.nat(255),
    how: fc.constantFrom("none", "cut-header", "flip", "drop-frame", "cut-payload", "extra"),
  })
  .map(({ kind, sample, cut, flip, byte, how }) => {
    const frames: Uint8Array[] = encode(kind, sample).map((frame) => Uint8Array.from(frame));
    const header = frames[1] ?? new Uint8Array();
    if (how === "cut-header") frames[1] = header.subarray(0, cut);
    if (how === "flip") header[flip % header.length] = byte;
    if (how === "drop-frame") frames.splice(cut % 3, 1);
    if (how === "cut-payload") frames[2] = (frames[2] ?? header).subarray(0, cut % 12);
    if (how === "extra") frames.push(header);
    return frames;
  });

const encoder = createEncoder({ stream: "s", sourceNode: 1, wallClockMs: () => 0 });
function encode(kind: string, sampleNum: number) {
  const waveform = new Float32Array(4);
  if (kind === "spike") return encoder.spike({ electrode: "E1", sampleNum, sortedId: 1, threshold: [-1], waveform });
  if (kind === "ttl") return encoder.ttl(sampleNum, 0, 1, 1n);
  if (kind === "text") return encoder.text(sampleNum, "stimulus a");
  return encoder.data({ channel: 0, channelName: "CH1", sampleNum, sampleRateHz: 30_000, samples: waveform });
}

const bytes = fc.uint8Array({ maxLength: 64 });
const jsonHeader = fc
  .record(
    { message_num: fc.jsonValue(), type: fc.constantFrom("spike", "event", "data"), spike: body(), content: body() },
    { requiredKeys: [] },
  )
  .map((header) => new TextEncoder().encode(JSON.stringify(header)));
const frames = fc.oneof(
  nearlyValid,
  fc.array(bytes, { maxLength: 4 }),
  fc.tuple(bytes, jsonHeader, bytes).map((all): Uint8Array[] => all),
);

function body() {
  const value = fc.oneof(fc.jsonValue(), fc.nat(), fc.constantFrom(-1, 3, 5, 1e308, "E1"));
  const keys = ["electrode", "sample_num", "sorted_id", "num_channels", "num_samples", "sample_rate", "type"] as const;
  return fc.record(Object.fromEntries(keys.map((key) => [key, value])), { requiredKeys: [] });
}

test("the parser never throws and always says what it saw", { timeout: FUZZ_TIMEOUT_MS }, () => {
  const kinds = new Set(["spike", "data", "ttl", "text", "malformed"]);
  fc.assert(
    fc.property(frames, (message) => kinds.has(parseMessage(message).kind)),
    { numRuns: RUNS, seed: 1 },
  );
});

test("every message is accounted for, and what is given on is finite and in range", {
  timeout: FUZZ_TIMEOUT_MS,
}, () => {
  const counters = emptyCounters();
  const out: SourceMessage[] = [];
  const context = { source: "rig", unitLabels: ["E1.1"], counters, now: () => 0, log: () => {} };
  const options = { sampleRateHz: 30_000, continuous: false, electrodes: {} };
  const intake = createIntake(options, context, (message) => out.push(message));
  let data = 0;
  let fed = 0;
  fc.assert(
    fc.property(frames, (message) => {
      fed++;
      const elsewhere = () => counters.duplicates + counters.ignored + counters.malformed;
      const before = elsewhere();
      intake.push(message);
      if (parseMessage(message).kind === "data" && elsewhere() === before) data++;
    }),
    { numRuns: RUNS, seed: 2 },
  );
  intake.flush();
  const { messages, spikes, events, malformed, duplicates, unknownUnits, ignored } = counters;
  expect(messages).toBe(fed);
  expect(messages).toBe(spikes + events + malformed + duplicates + unknownUnits + ignored + data);
  expect(malformed).toBeGreaterThan(RUNS / 4);
  expect(spikes).toBeGreaterThan(100);
  const blocks = out.filter((message) => message.kind === "spikes");
  expect(blocks.reduce((sum, block) => sum + block.times.length, 0)).toBe(spikes);
  expect(blocks.every((b) => b.times.every(Number.isFinite) && b.units.every((unit) => unit === 0))).toBe(true);
});
