import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Affine, compileAffine } from "../../src/decode/affine.ts";
import { linearModel, softmax } from "../../src/decode/linear.ts";
import { ofKind, parseManifest } from "../../src/decode/manifest.ts";
import { seededNoise } from "../../src/decode/noise.ts";

const FIXTURE = new URL("../fixtures/tiny-linear/", import.meta.url);
const tiny = () => JSON.parse(readFileSync(new URL("manifest.json", FIXTURE), "utf8"));
const read = (manifest: unknown) => ofKind(parseManifest(manifest, "manifest.json"), "linear");

const floats = (length: number) =>
  fc.float32Array({ minLength: length, maxLength: length, noNaN: true, min: -100, max: 100 });
const systems = fc
  .tuple(fc.integer({ min: 1, max: 37 }), fc.integer({ min: 1, max: 9 }))
  .chain(([rows, columns]) => fc.record({ weights: floats(rows * columns), bias: floats(rows), x: floats(columns) }));

/** The same sums one after the other, every number rounded to float32. */
function inOrder({ weights, bias }: Affine, x: Float32Array): Float32Array {
  const sum = (row: number) =>
    x.reduce((total, value, i) => Math.fround(total + Math.fround(weights[row * x.length + i]! * value)), bias[row]!);
  return bias.map((_, row) => sum(row));
}

describe("weights x + bias", () => {
  test("every row is summed in order, in float32, whatever place of a block it has", () => {
    fc.assert(
      fc.property(systems, ({ weights, bias, x }) => {
        const [apply] = compileAffine([{ weights, bias }]);
        expect(apply!(x)).toEqual(inOrder({ weights, bias }, x));
      }),
    );
  });

  test("maps in one memory leave one another alone, in any order and again", () => {
    fc.assert(
      fc.property(fc.array(systems, { minLength: 2, maxLength: 5 }), fc.infiniteStream(fc.nat()), (all, order) => {
        const applied = compileAffine(all);
        const picks = [...order.take(10)].map((n) => n % all.length);
        for (const i of picks) expect(applied[i]!(all[i]!.x)).toEqual(inOrder(all[i]!, all[i]!.x));
      }),
    );
  });

  test("the sizes of a large bundle: 1,024 units, 64 latents, a picture of 64x64", () => {
    for (const [rows, columns] of [
      [64, 5120],
      [12_288, 64],
    ] as const) {
      const weights = seededNoise(1, rows * columns, 0.1);
      const [bias, x] = [seededNoise(2, rows), seededNoise(3, columns)];
      const [apply] = compileAffine([{ weights, bias }]);
      expect(apply!(x)).toEqual(inOrder({ weights, bias }, x));
    }
  });

  test("probabilities add up to 1, also of logits that exp cannot hold", () => {
    const logits = Float32Array.of(1000, 1001, -1000);
    softmax(logits);
    expect(logits[0]! + logits[1]! + logits[2]!).toBeCloseTo(1, 6);
    expect(logits[1]! / logits[0]!).toBeCloseTo(Math.E, 4);
    expect(logits[2]).toBe(0);
  });
});

describe("a linear manifest", () => {
  test("reads the fixture", () => {
    expect(read(tiny()).matrices.encode.weights.shape).toEqual([8, 40]);
  });

  test.each([
    ["a shape that is not the manifest's", (m) => (m.matrices.encode.weights.shape = [8, 41]), "[8, 40], got [8, 41]"],
    [
      "an array beyond the file",
      (m) => (m.files.matrices.bytes = 100),
      "matrices.encode.weights: expected an end within",
    ],
    ["an offset between two numbers", (m) => (m.matrices.logvar.offset = 2), "matrices.logvar.offset: a multiple of 4"],
    ["a readout without matrices", (m) => delete m.matrices.readouts.pose, "matrices.readouts.pose: expected one"],
    [
      "matrices of no readout",
      (m) => (m.matrices.readouts.more = m.matrices.readouts.pose),
      "matrices.readouts.more: expected one for each of readouts, got one too many",
    ],
    ["two readouts of one name", (m) => (m.readouts[1].name = "category"), "distinct names of readouts"],
    ["graphs", (m) => (m.schedule = {}), "schedule: unknown key"],
  ] satisfies [string, (manifest: ReturnType<typeof tiny>) => unknown, string][])("refuses %s", (_, spoil, named) => {
    const manifest = tiny();
    spoil(manifest);
    expect(() => read(manifest)).toThrow(named);
    expect(() => read(manifest)).toThrow("[BUNDLE_MANIFEST_INVALID]");
  });

  test("matrices with a number that is none are refused", () => {
    const bytes = readFileSync(new URL("matrices.bin", FIXTURE));
    bytes.writeFloatLE(Number.NaN, read(tiny()).matrices.picture.bias.offset);
    expect(() => linearModel(read(tiny()), bytes)).toThrow("matrices.picture.bias: expected finite numbers");
  });

  test("is not taken for another kind", () => {
    expect(() => ofKind(parseManifest(tiny(), "m"), "diffusion")).toThrow(
      'tiny-linear: kind: expected "diffusion", got "linear"',
    );
  });
});
