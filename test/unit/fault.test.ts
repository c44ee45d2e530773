import { expect, test } from "vitest";
import { type Fault, parseFaults, withFaults } from "../../daemon/decoder/fault.ts";
import type { Decoder } from "../../src/decode/decoder.ts";

const parse = (text: string, NODE_ENV = "test") => parseFaults({ PHOSPHENE_FAULT: text, NODE_ENV });

test("faults are read from the environment, several with commas", () => {
  expect(parseFaults({ NODE_ENV: "production" })).toEqual([]);
  expect(parse("slow:200:5, exit-at:9")).toEqual([
    { kind: "slow", ms: 200, every: 5 },
    { kind: "exit-at", window: 9 },
  ]);
});

test.each(["slow:200", "slow:0:5", "slow:5:x", "hang-at", "hang-at:1:2", "oom-at:-1", "sleep:5", "exit-at:1e3", ","])(
  "%s is refused",
  (text) => expect(() => parse(text)).toThrow(/PARAMETER_INVALID\] PHOSPHENE_FAULT: expected slow:/),
);

test("outside a test every fault is refused", () => {
  expect(() => parse("oom-at:1", "production")).toThrow(/nothing outside tests/);
  expect(() => parseFaults({ PHOSPHENE_FAULT: "oom-at:1" })).toThrow(/nothing outside tests/);
});

const request = { values: new Float32Array(1), steps: 1, steering: [] };
const answer = { image: Uint8Array.of(7), startedMs: 1, encodedMs: 2, synthesisedMs: 3 };
// Only what withFaults touches: the real decoder is exercised with faults in test/faults.
const decoder = { kind: "diffusion", decode: async () => answer } as unknown as Decoder;

test("without faults the decoder is the decoder", () => expect(withFaults(decoder, [])).toBe(decoder));

test("the n-th window fails, the others are decoded", async () => {
  const faults: Fault[] = [{ kind: "oom-at", window: 2 }];
  const faulty = withFaults(decoder, faults);
  expect((await faulty.decode(request)).image).toEqual(Uint8Array.of(7));
  await expect(faulty.decode(request)).rejects.toThrow(/out of memory/);
  expect((await faulty.decode(request)).image).toEqual(Uint8Array.of(7));
});
