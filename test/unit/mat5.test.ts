import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readMat5 } from "../../rig/mat5.ts";
import { readRasters } from "../../rig/rasters.ts";
import { PhospheneError } from "../../src/errors.ts";

// A writer of the layout in MathWorks' "MAT-File Format", as small as these tests need it.
function element(type: number, data: Buffer, small = data.length <= 4 && data.length > 0): Buffer {
  const tag = Buffer.alloc(small ? 4 : 8);
  if (small) tag.writeUInt32LE((data.length << 16) | type);
  else {
    tag.writeUInt32LE(type);
    tag.writeUInt32LE(data.length, 4);
  }
  const size = small ? 8 : 8 + Math.ceil(data.length / 8) * 8;
  return Buffer.concat([tag, data, Buffer.alloc(size - tag.length - data.length)]);
}
const int32 = (...values: number[]) => Buffer.from(Int32Array.from(values).buffer);
function matrix(matClass: number, name: string, dims: number[], ...parts: Buffer[]): Buffer {
  const head = [element(6, int32(matClass, 0)), element(5, int32(...dims)), element(1, Buffer.from(name))];
  return element(14, Buffer.concat([...head, ...parts]), false);
}
const chars = (text: string) => matrix(4, "", [1, text.length], element(4, Buffer.from(text, "utf16le")));
const cells = (texts: string[], name = "") => matrix(1, name, [1, texts.length], ...texts.map(chars));
function struct(name: string, fields: Record<string, Buffer>): Buffer {
  const names = Object.keys(fields).map((field) => Buffer.from(field.padEnd(32, "\0")));
  return matrix(2, name, [1, 1], element(5, int32(32)), element(1, Buffer.concat(names)), ...Object.values(fields));
}
const compressed = (bytes: Buffer) => element(15, deflateSync(bytes), false).subarray(0, 8 + deflateSync(bytes).length);
function file(...variables: Buffer[]): Buffer {
  const header = Buffer.alloc(128);
  header.write("MATLAB 5.0 MAT-file");
  header.writeUInt16LE(0x0100, 124);
  header.write("IM", 126);
  return Buffer.concat([header, ...variables]);
}

describe.each([
  ["plain", (bytes: Buffer) => bytes],
  ["compressed", compressed],
])("%s variables", (_name, wrap) => {
  test("numbers, texts, cells and structs are read", () => {
    const doubles = Buffer.from(Float64Array.of(1.5, -2).buffer);
    const variables = readMat5(
      file(
        wrap(matrix(9, "bytes", [2, 2], element(2, Buffer.from([1, 2, 3, 4])))),
        wrap(matrix(6, "doubles", [1, 2], element(9, doubles))),
        // MATLAB stores whole doubles in the smallest integers that hold them.
        wrap(matrix(6, "whole", [1, 3], element(3, Buffer.from(Int16Array.of(-1, 0, 300).buffer)))),
        wrap(struct("s", { texts: cells(["face", "kiwi"]), n: matrix(9, "", [1, 1], element(2, Buffer.of(7))) })),
        wrap(matrix(16, "handle", [1, 1])),
      ),
      "x.mat",
    );
    const numbers = (name: string) => {
      const value = variables.get(name);
      return value?.kind === "numbers" ? [value.dims, Array.from(value.data)] : value;
    };
    expect(numbers("bytes")).toEqual([
      [2, 2],
      [1, 2, 3, 4],
    ]);
    expect(numbers("doubles")).toEqual([
      [1, 2],
      [1.5, -2],
    ]);
    expect(numbers("whole")).toEqual([
      [1, 3],
      [-1, 0, 300],
    ]);
    expect(variables.get("handle")).toEqual({ kind: "unsupported", matClass: 16 });
    const s = variables.get("s");
    expect(s?.kind === "struct" && s.fields.get("texts")).toMatchObject({
      cells: [
        { kind: "chars", text: "face" },
        { kind: "chars", text: "kiwi" },
      ],
    });
  });
});

test("what is no such file is refused with its name", () => {
  expect(() => readMat5(Buffer.alloc(20), "x.mat")).toThrow(/RECORDING_INVALID.*x\.mat: expected a little-endian/);
  expect(() => readMat5(file(Buffer.from([15, 0, 0, 0, 4, 0, 0, 0, 1, 2, 3, 4])), "x.mat")).toThrow(
    /RECORDING_INVALID/,
  );
  expect(() => readMat5(file(element(14, Buffer.alloc(200)).subarray(0, 60)), "x.mat")).toThrow(/the file ends/);
});

test("damaged files never throw anything else", () => {
  const whole = file(struct("s", { texts: cells(["face", "kiwi"]) }), compressed(matrix(9, "b", [1, 1])));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 }), fc.nat(), (flips, cut) => {
      const bytes = Buffer.from(whole);
      for (const [at, byte] of flips) bytes[at] = byte;
      try {
        readMat5(bytes.subarray(0, cut % 2 ? cut % bytes.length : bytes.length), "x.mat");
      } catch (error) {
        expect(error).toBeInstanceOf(PhospheneError);
      }
    }),
    { numRuns: 2_000, seed: 1 },
  );
});

test("trial i of a condition is held out when i % n === offset; columns are milliseconds", async () => {
  const folder = await mkdtemp(join(tmpdir(), "phosphene-mat-"));
  const trials = 9;
  // Trial t fires at 10 t ms. Odd trials show a face, even ones a kiwi.
  const raster = Buffer.alloc(trials * 1_000);
  for (let trial = 0; trial < trials; trial++) raster[10 * trial * trials + trial] = 1;
  const objects = Array.from({ length: trials }, (_, trial) => (trial % 2 ? "face" : "kiwi"));
  const labels = { stimulus_ID: cells(objects), stimulus_position: cells(objects.map(() => "upper")) };
  const bytes = file(
    compressed(matrix(9, "raster_data", [trials, 1_000], element(2, raster))),
    struct("raster_labels", labels),
  );
  await writeFile(join(folder, "n1_raster_data.mat"), bytes);
  const held = await readRasters(folder, "n1", { n: 4, offset: 3 });
  await rm(folder, { recursive: true });
  // Faces are trials 1 3 5 7, kiwis 0 2 4 6 8: the fourth of each.
  expect(held).toEqual(
    new Map([
      ["face-upper", [Uint16Array.of(70)]],
      ["kiwi-upper", [Uint16Array.of(60)]],
    ]),
  );
});

const REAL = "/work/shared/data/macaque_it_rasters";
describe.skipIf(!existsSync(REAL))(
  `the real recording${existsSync(REAL) ? "" : ` (SKIPPED: ${REAL} is not there)`}`,
  () => {
    test("a quarter of the trials of each of the 21 conditions is held out", async () => {
      const held = await readRasters(REAL, "bp1001spk_01A", { n: 4, offset: 3 });
      expect(held.size).toBe(21);
      expect([...held.values()].every((trials) => trials.length === 5)).toBe(true);
    });
    test("all 132 files are read, with the 603,003 spikes that their page states", () => {
      let spikes = 0;
      for (const name of readdirSync(REAL)) {
        const value = readMat5(readFileSync(join(REAL, name)), name).get("raster_data");
        if (value?.kind !== "numbers") throw new Error(`${name}: expected numbers`);
        for (let index = 0; index < value.data.length; index++) spikes += value.data[index] ? 1 : 0;
      }
      expect(spikes).toBe(603_003);
    });
  },
);
