import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeRecord, sourceRecord } from "../../adapters/recording/log-records.ts";
import { McapLog } from "../../adapters/recording/mcap-log.ts";
import { parseNev } from "../../adapters/recording/parse-nev.ts";
import { parseNpy } from "../../adapters/recording/parse-npy.ts";
import { parsePhosphene } from "../../adapters/recording/parse-phosphene.ts";
import { parseXdf } from "../../adapters/recording/parse-xdf.ts";
import { PhospheneError } from "../../src/errors.ts";
import { loggedMessages, metadata } from "./recorder-helpers.ts";
import * as made from "./recording-bytes.ts";

const RUNS = Number(process.env.PHOSPHENE_FUZZ_RUNS ?? 20_000);
/** What a parser may hold for each byte it was given, and what the engine moves about by itself. */
const MOST_BYTES_A_BYTE = 400;
const NOISE_BYTES = 64 * 1024 * 1024;

const damage = fc.array(
  fc.record({ how: fc.constantFrom("flip", "cut", "insert", "number"), at: fc.nat(), value: fc.nat(0xffff_ffff) }),
  { maxLength: 4 },
);

/** A valid file with bytes flipped, cut off, put in between, and whole numbers replaced. */
function damaged(file: Uint8Array, wounds: readonly { how: string; at: number; value: number }[]): Uint8Array {
  let bytes = Buffer.from(file);
  for (const { how, at, value } of wounds) {
    const place = bytes.length === 0 ? 0 : at % bytes.length;
    if (how === "cut") bytes = bytes.subarray(0, place);
    if (how === "flip" && bytes.length > 0) bytes[place] = value & 0xff;
    if (how === "insert")
      bytes = Buffer.concat([bytes.subarray(0, place), Buffer.of(value & 0xff), bytes.subarray(place)]);
    if (how === "number" && place + 4 <= bytes.length) bytes.writeUInt32LE(value, place);
  }
  return bytes;
}

const nev = fc
  .array(
    fc.oneof(
      fc.record({ tick: fc.nat(), electrode: fc.integer({ min: 1, max: 0xfffe }), unit: fc.nat(255) }),
      fc.record({ tick: fc.nat(), word: fc.nat(0xffff), reason: fc.nat(255) }),
      fc.record({ tick: fc.nat(), comment: fc.string({ maxLength: 40 }) }),
    ),
    { maxLength: 8 },
  )
  .chain((packets) =>
    fc
      .record({ version: fc.constantFrom("2.1", "2.3", "3.0"), label: fc.string({ maxLength: 20 }) })
      .map(({ version, label }) => made.nevFile({ version, labels: [[1, label]], packets })),
  );

const xdf = fc
  .record({
    format: fc.constantFrom("int16", "string", "int64", "float16"),
    channels: fc.nat(3),
    rateHz: fc.constantFrom(0, 10, -1),
    lengthBytes: fc.constantFrom(1, 4, 8),
    times: fc.array(fc.option(fc.double(), { nil: undefined }), { maxLength: 6 }),
    offsets: fc.array(fc.tuple(fc.double(), fc.double()), { maxLength: 3 }),
  })
  .map(({ format, channels, rateHz, lengthBytes, times, offsets }) => {
    const samples = times.map((time) => ({
      ...(time !== undefined && { time }),
      values: Array<number>(channels).fill(7),
    }));
    const value = (each: number) => (format === "string" ? made.xdfText(String(each)) : made.xdfInt16(each));
    return made.xdfFile(
      made.xdfHeader(1, made.xdfXml({ name: "n", type: "SpikeEvents", channels, rateHz, format, labels: ["a", "b"] })),
      made.xdfSamples(1, samples, value, lengthBytes as 1 | 4 | 8),
      ...offsets.map(([time, offset]) => made.xdfOffset(1, time, offset)),
    );
  });

const npy = fc
  .record({ descr: fc.constantFrom("<i8", "|S4", "<U2", ">f4", "|O"), shape: fc.array(fc.nat(5), { maxLength: 3 }) })
  .map(({ descr, shape }) => made.npyFile(descr, shape, new Uint8Array(64)));

/** Chunks of messages; every other file is without the checksums that would find the damage first. */
const phosphene = fc.record({ chunks: fc.nat(3), trusted: fc.boolean() }).map(({ chunks, trusted }) => {
  const log = new McapLog(trusted ? () => 0 : undefined);
  const parts = [log.begin(metadata)];
  for (let chunk = 0; chunk < chunks; chunk++) {
    for (const message of loggedMessages) {
      const { topic, body } = sourceRecord(message);
      log.add({ topic, timeNs: 1n, data: encodeRecord(body) });
    }
    parts.push(log.takeChunk() ?? new Uint8Array());
  }
  const position = parts.reduce((sum, { length }) => sum + length, 0);
  return Buffer.concat([...parts, log.end(position)]);
});

/** Parses many damaged files; nothing but the coded error may come out, and memory stays with the size of the input. */
function fuzz(
  name: string,
  files: fc.Arbitrary<Uint8Array>,
  parse: (bytes: Uint8Array, file: string) => unknown,
): void {
  test(`${name}: ${RUNS} damaged files give a recording or RECORDING_INVALID, in bounded memory`, {
    timeout: 600_000,
  }, () => {
    const seen = { ok: 0, refused: 0 };
    const input = fc.oneof(
      { arbitrary: fc.tuple(files, damage), weight: 9 },
      { arbitrary: fc.tuple(fc.uint8Array({ maxLength: 400 }), fc.constant([])), weight: 1 },
    );
    const before = process.memoryUsage();
    fc.assert(
      fc.property(input, ([file, wounds]) => {
        const bytes = damaged(file, wounds);
        try {
          parse(bytes, "f");
          seen.ok++;
        } catch (error) {
          if (!(error instanceof PhospheneError) || error.code !== "RECORDING_INVALID") throw error;
          seen.refused++;
        }
        const { heapUsed, arrayBuffers } = process.memoryUsage();
        const grown = heapUsed + arrayBuffers - before.heapUsed - before.arrayBuffers;
        return grown < bytes.length * MOST_BYTES_A_BYTE + 4 * NOISE_BYTES;
      }),
      { numRuns: RUNS, seed: 3 },
    );
    expect(seen.ok).toBeGreaterThan(RUNS / 20);
    expect(seen.refused).toBeGreaterThan(RUNS / 20);
  });
}

fuzz("NEV", nev, parseNev);
fuzz("XDF", xdf, (bytes, file) => parseXdf(bytes, file));
fuzz("npy", npy, parseNpy);
fuzz("our own", phosphene, (bytes, file) => parsePhosphene(bytes, file, undefined));
