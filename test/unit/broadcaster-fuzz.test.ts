import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonFormat, rawFormat } from "../../adapters/event-broadcaster/encode.ts";
import { createBroadcastIntake } from "../../adapters/event-broadcaster/intake.ts";
import { parseBroadcast } from "../../adapters/event-broadcaster/parse.ts";
import { emptyCounters, type SourceMessage } from "../../src/signal/types.ts";
import { FUZZ_TIMEOUT_MS, RUNS } from "./fuzz-runs.ts";

const origin = { stream: "s", streamId: 1, sourceNode: 1, sampleRateHz: 30_000 };
const encoders = {
  jsonSpike: (sampleNum: number) => jsonFormat.spike({ ...origin, ...spike, sampleNum }),
  rawSpike: (sampleNum: number) => rawFormat.spike({ ...origin, ...spike, sampleNum }, new Float32Array(4)),
  jsonTtl: (sampleNum: number) => jsonFormat.ttl({ ...origin, ...ttl, sampleNum }),
  rawTtl: (sampleNum: number) => rawFormat.ttl({ ...origin, ...ttl, sampleNum }),
};
const spike = { electrode: "Electrode 1", electrodeIndex: 0, sortedId: 0, amplitudes: [-60] };
const ttl = { channelName: "TTL", line: 1, state: 1 } as const;

/** Valid messages with one thing broken. */
const nearlyValid = fc
  .record({
    kind: fc.constantFrom(...(Object.keys(encoders) as (keyof typeof encoders)[])),
    sample: fc.nat(),
    at: fc.nat(400),
    byte: fc.nat(255),
    how: fc.constantFrom("none", "cut", "flip", "topic", "drop", "extra"),
  })
  .map(({ kind, sample, at, byte, how }) => {
    const frames: Uint8Array[] = encoders[kind](sample).map((frame) => Uint8Array.from(frame));
    const body = frames[1] ?? new Uint8Array();
    if (how === "cut") frames[1] = body.subarray(0, at % (body.length + 1));
    if (how === "flip") body[at % body.length] = byte;
    if (how === "topic") frames[0] = Uint8Array.of(byte, at & 1);
    if (how === "drop") frames.splice(at % 2, 1);
    if (how === "extra") frames.push(body);
    return frames;
  });
const bytes = fc.uint8Array({ maxLength: 64 });
const topic = fc.constantFrom(Uint8Array.of(0, 0), Uint8Array.of(1, 0));
const json = fc.jsonValue().map((value) => new TextEncoder().encode(JSON.stringify(value)));
const frames = fc.oneof(
  nearlyValid,
  fc.array(bytes, { maxLength: 3 }),
  fc.tuple(topic, fc.oneof(bytes, json)).map((all): Uint8Array[] => all),
);

test("the parser never throws, and every message is accounted for", { timeout: FUZZ_TIMEOUT_MS }, () => {
  const counters = emptyCounters();
  const out: SourceMessage[] = [];
  const context = { source: "rig", unitLabels: ["Electrode 1.0"], counters, now: () => 0, log: () => {} };
  const intake = createBroadcastIntake({ sampleRateHz: 30_000, electrodes: {} }, context, (m) => out.push(m));
  const kinds = new Set(["spike", "ttl", "malformed"]);
  fc.assert(
    fc.property(frames, (message) => {
      intake.push(message);
      intake.flush();
      for (const sent of out.splice(0))
        if (sent.kind === "spikes") expect(sent.times.every(Number.isFinite)).toBe(true);
      return kinds.has(parseBroadcast(message).kind);
    }),
    { numRuns: RUNS, seed: 3 },
  );
  const { messages, spikes, events, malformed, duplicates, unknownUnits, ignored } = counters;
  expect(messages).toBe(RUNS);
  expect(messages).toBe(spikes + events + malformed + duplicates + unknownUnits + ignored);
  expect(malformed).toBeGreaterThan(RUNS / 4);
  expect(spikes).toBeGreaterThan(100);
});
