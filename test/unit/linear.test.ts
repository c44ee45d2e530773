import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { apply, linearModel, softmax } from "../../src/decode/linear.ts";
import { ofKind, parseManifest } from "../../src/decode/manifest.ts";

const FIXTURE = new URL("../fixtures/tiny-linear/", import.meta.url);
const tiny = () => JSON.parse(readFileSync(new URL("manifest.json", FIXTURE), "utf8"));
const read = (manifest: unknown) => ofKind(parseManifest(manifest, "manifest.json"), "linear");

const float = fc.float({ noNaN: true, noDefaultInfinity: true, min: -100, max: 100 });
const sizes = fc.tuple(fc.integer({ min: 1, max: 13 }), fc.integer({ min: 1, max: 9 }));
const systems = sizes.chain(([rows, columns]) =>
  fc.record({
    rows: fc.constant(rows),
    weights: fc.array(float, { minLength: rows * columns, maxLength: rows * columns }),
    bias: fc.array(float, { minLength: rows, maxLength: rows }),
    x: fc.array(float, { minLength: columns, maxLength: columns }),
  }),
);

describe("weights x + bias", () => {
  test("every row is summed in order, in double precision, whatever row of a block of four it is", () => {
    fc.assert(
      fc.property(systems, ({ rows, weights, bias, x }) => {
        const out = new Float32Array(rows);
        apply({ weights: Float32Array.from(weights), bias: Float32Array.from(bias) }, Float64Array.from(x), out);
        const wanted = bias.map((b, row) => x.reduce((sum, value, i) => sum + weights[row * x.length + i]! * value, b));
        expect(out).toEqual(Float32Array.from(wanted));
      }),
    );
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
