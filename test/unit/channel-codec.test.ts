import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Area,
  areaOf,
  ReadoutNames,
  readAnswer,
  readRequest,
  writeAnswer,
  writeRequest,
} from "../../daemon/decoder/channel-codec.ts";
import { PhospheneError } from "../../src/errors.ts";
import { FUZZ_TIMEOUT_MS, RUNS } from "./fuzz-runs.ts";

/** One for all: what it has kept of the answer before must not show in the next. */
const reader = new ReadoutNames();
const newArea = (bytes = 4096) => areaOf(new ArrayBuffer(bytes), 0, bytes);
const floats = (maxLength: number) => fc.float32Array({ maxLength, noNaN: true });
const name = fc.stringMatching(/^[a-z]{1,8}$/);

const decoded = fc.record({
  image: fc.uint8Array({ maxLength: 100 }),
  ...{ mu: floats(20), logvar: floats(20), expected: floats(20) },
  readouts: fc.dictionary(name, floats(6), { maxKeys: 4, noNullPrototype: true }),
  ...{ startedMs: fc.double(), encodedMs: fc.double(), synthesisedMs: fc.double() },
  history: fc.nat(),
  steppedMs: fc.array(fc.double(), { maxLength: 6 }),
});

describe("a window through shared memory", () => {
  test("is read as it was written, bit for bit", () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.nat(64),
        floats(200),
        fc.array(fc.double(), { maxLength: 8 }),
        fc.option(fc.double({ noNaN: true })),
        fc.boolean(),
        (id, steps, values, steering, guidance, reset) => {
          const area = newArea();
          writeRequest(area, id, { values, steps, steering, guidance, reset });
          expect(readRequest(area)).toEqual({ id, request: { values, steps, steering, guidance, reset } });
        },
      ),
    );
  });

  test("that does not fit is refused before anything is written", () => {
    const area = newArea(64);
    expect(() => writeRequest(area, 1, { values: new Float32Array(9), steps: 1, steering: [] })).toThrow(
      "a window: expected at most 64 bytes in all, got 84",
    );
    expect(area.u8.every((byte) => byte === 0)).toBe(true);
  });
});

describe("an answer through shared memory", () => {
  test("is read as it was written, and stays when the next is written", () => {
    fc.assert(
      fc.property(fc.nat(), decoded, (id, body) => {
        const area = newArea();
        writeAnswer(area, { type: "decoded", id, ...body }, new ReadoutNames());
        const answer = readAnswer(area, reader);
        area.u8.fill(255);
        expect(answer).toEqual({ type: "decoded", id, ...body });
      }),
    );
  });

  test("may be a failure, whose sentence is cut where the memory ends", () => {
    const area = newArea(136);
    writeAnswer(area, { type: "failed", id: 3, problem: { code: "DECODER_FAILED", message: "x".repeat(100) } }, reader);
    expect(readAnswer(area, reader)).toEqual({
      type: "failed",
      id: 3,
      problem: { code: "DECODER_FAILED", message: "x".repeat(17) },
    });
  });

  test("that does not fit is refused", () => {
    const body = {
      image: new Uint8Array(200),
      mu: new Float32Array(1),
      logvar: new Float32Array(1),
      expected: new Float32Array(1),
    };
    const times = { readouts: {}, history: 0, startedMs: 0, encodedMs: 0, synthesisedMs: 0, steppedMs: [] };
    expect(() => writeAnswer(newArea(256), { type: "decoded", id: 1, ...body, ...times }, reader)).toThrow(
      "a picture: expected",
    );
  });
});

test(
  `${RUNS} damaged memories are read or refused with a code, nothing else`,
  () => {
    const start = newArea(1024);
    const body = {
      image: new Uint8Array(48),
      mu: new Float32Array(4),
      logvar: new Float32Array(4),
      expected: new Float32Array(8),
    };
    const times = {
      readouts: { object: new Float32Array(3) },
      history: 2,
      startedMs: 1,
      encodedMs: 2,
      synthesisedMs: 3,
      steppedMs: [3],
    };
    writeAnswer(start, { type: "decoded", id: 7, ...body, ...times }, reader);
    const damage = fc.array(fc.tuple(fc.nat(127), fc.oneof(fc.double(), fc.integer(), fc.nat(64))), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(damage, (words) => {
        const area = newArea(1024);
        area.u8.set(start.u8);
        for (const [at, value] of words) area.f64[at] = value;
        for (const read of [(each: Area) => readAnswer(each, reader), readRequest])
          try {
            read(area);
          } catch (error) {
            if (!(error instanceof PhospheneError) || error.code !== "DECODER_FAILED") throw error;
          }
      }),
      { numRuns: RUNS },
    );
  },
  FUZZ_TIMEOUT_MS,
);
