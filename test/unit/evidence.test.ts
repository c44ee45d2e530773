import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { assess, isReconstruction } from "../../src/decode/evidence.ts";
import { parseManifest } from "../../src/decode/manifest.ts";
import { TINY_LINEAR } from "../integration/processes.ts";

const groups = [{ size: 1 }, { size: 2 }];
const model = {
  ...{ bitsThreshold: 1, explainedThreshold: 0.5, atypicalityThreshold: 2 },
  ...{ latentMean: [0, 0, 0], latentStd: [1, 1, 1] },
};
const seen = {
  observed: Float32Array.of(1, 2, 3, -9),
  expected: Float32Array.of(1, 2, 3, 4),
  silent: null,
  mu: Float32Array.of(2, 0, 0),
  logvar: Float32Array.of(0, 0, 0),
};

describe("what is missing from the evidence", () => {
  test("is no number, and takes no part in the decision", () => {
    const all = assess(model, groups, seen);
    expect(all.bits[0]).toBeCloseTo(2 / Math.LN2);
    expect(all.explained).toBeLessThan(0);
    expect(isReconstruction(all, model)).toBe(false);
    const without = { ...model, explainedThreshold: null, missing: { explained: "nothing predicts the activity" } };
    const some = assess(without, groups, seen);
    expect(some).toEqual({ ...all, explained: null });
    expect(isReconstruction(some, without)).toBe(true);
  });

  test("of a decoder without latents is all but explained", () => {
    const missing = { bits: "no posterior", atypicality: "no latents" };
    const bare = { ...model, missing, bitsThreshold: null, atypicalityThreshold: null, latentMean: [], latentStd: [] };
    const none = new Float32Array();
    const evidence = assess(bare, [], { ...seen, mu: none, logvar: none });
    expect(evidence).toEqual({ bits: [], explained: expect.any(Number), atypicality: null });
    expect(isReconstruction(evidence, bare)).toBe(false);
  });

  test("a measure that should be there and is no number fails", () => {
    expect(isReconstruction({ bits: [9], explained: Number.NaN, atypicality: 0 }, model)).toBe(false);
    expect(isReconstruction({ bits: [9], explained: null, atypicality: 0 }, model)).toBe(false);
  });
});

test("explained is of the units that count, silent ones left out", () => {
  expect(assess({ ...model, units: [0, 1, 2] }, groups, seen).explained).toBeCloseTo(1);
  const silent = Uint8Array.of(0, 0, 0, 1);
  expect(assess({ ...model, units: [0, 1, 3] }, groups, { ...seen, silent }).explained).toBeCloseTo(1);
});

describe("a manifest's evidence", () => {
  const manifest = () => JSON.parse(readFileSync(join(TINY_LINEAR, "manifest.json"), "utf8"));

  test("may lack measures, each with a reason", () => {
    const value = manifest();
    Object.assign(value.evidence, { bitsThreshold: null, missing: { bits: "no posterior" }, units: [0, 3] });
    expect(parseManifest(value, "m").evidence).toMatchObject({ missing: { bits: "no posterior" }, units: [0, 3] });
  });

  test.each([
    [
      "a threshold of what is missing",
      { missing: { bits: "why" } },
      "bitsThreshold: expected null, as the measure is missing",
    ],
    [
      "neither threshold nor reason",
      { explainedThreshold: null },
      "explainedThreshold: expected a number, or a reason in evidence.missing",
    ],
    [
      "no measure at all",
      {
        bitsThreshold: null,
        explainedThreshold: null,
        atypicalityThreshold: null,
        missing: { bits: "a", explained: "b", atypicality: "c" },
      },
      "expected at least one measure",
    ],
    ["units that it has not", { units: [0, 8] }, "evidence.units: expected units below 8, got 8"],
    ["a unit that counts twice", { units: [3, 3] }, "evidence.units: distinct units"],
    ["an empty reason", { missing: { bits: "" } }, "evidence.missing.bits"],
  ])("is refused with %s", (_, change, message) => {
    const value = manifest();
    Object.assign(value.evidence, change);
    expect(() => parseManifest(value, "m")).toThrow(message);
  });

  test("needs latents for what is said of latents", () => {
    const value = manifest();
    Object.assign(value, { latents: { dimension: 0, groups: [] } });
    expect(() => parseManifest(value, "m")).toThrow(
      /evidence\.missing\.bits: expected a reason, as there are no latents/,
    );
  });
});
