import fc from "fast-check";
import { expect, test } from "vitest";
import { detectSettings } from "../../adapters/detection/options.ts";
import { encodeBlock } from "../../adapters/falcon-output/encode.ts";
import { createFalconIntake } from "../../adapters/falcon-output/intake.ts";
import { parseBlock } from "../../adapters/falcon-output/parse.ts";
import { emptyCounters, type SourceMessage } from "../../src/signal/types.ts";
import { FUZZ_TIMEOUT_MS, RUNS } from "./fuzz-runs.ts";

/** Valid blocks with bytes overwritten (offsets and lengths among them), cut or in a wrong number of frames. */
const nearlyValid = fc
  .record({
    sampleNum: fc.nat(),
    channels: fc.integer({ min: 1, max: 3 }),
    numSamples: fc.integer({ min: 1, max: 8 }),
    cut: fc.nat(300),
    writes: fc.array(fc.tuple(fc.nat(140), fc.nat(255)), { maxLength: 4 }),
    how: fc.constantFrom("none", "cut", "write", "write", "frames"),
  })
  .map(({ sampleNum, channels, numSamples, cut, writes, how }) => {
    const samples = new Float32Array(channels * numSamples).fill(1);
    const eventCodes = new Uint16Array(numSamples).fill(3);
    const place = { sampleNum, messageId: BigInt(sampleNum), sampleRateHz: 30_000, timestamp: 0 };
    const block: Uint8Array = encodeBlock({ samples, eventCodes, stream: "s", channels, ...place });
    if (how === "write") for (const [at, byte] of writes) block[at % block.length] = byte;
    if (how === "frames") return cut % 2 === 0 ? [] : [block, block];
    return [how === "cut" ? block.subarray(0, cut % block.length) : block];
  });
const frames = fc.oneof(
  { weight: 4, arbitrary: nearlyValid },
  fc.array(fc.uint8Array({ maxLength: 96 }), { maxLength: 2 }),
);

test("the reader never leaves its bytes or throws, and every message is accounted for", {
  timeout: FUZZ_TIMEOUT_MS,
}, () => {
  const counters = emptyCounters();
  const out: SourceMessage[] = [];
  const context = { source: "rig", unitLabels: ["CH1.0"], counters, now: () => 0, log: () => {} };
  const options = { detect: detectSettings.parse({}), electrodes: {} };
  const intake = createFalconIntake(options, context, (message) => out.push(message));
  let blocks = 0;
  fc.assert(
    fc.property(frames, (message) => {
      const before = counters.malformed + counters.duplicates + counters.ignored;
      intake.push(message);
      intake.flush();
      const parsed = parseBlock(message);
      if (parsed.kind === "block") expect(parsed.samples.length).toBe(4 * parsed.channels * parsed.numSamples);
      blocks += counters.malformed + counters.duplicates + counters.ignored === before ? 1 : 0;
      for (const sent of out.splice(0)) if (sent.kind === "event") expect(Number.isFinite(sent.time)).toBe(true);
    }),
    { numRuns: RUNS, seed: 4 },
  );
  const { messages, malformed, duplicates, ignored } = counters;
  expect(messages).toBe(RUNS);
  expect(messages).toBe(blocks + malformed + duplicates + ignored);
  expect(malformed).toBeGreaterThan(RUNS / 10);
  expect(blocks).toBeGreaterThan(100);
});
