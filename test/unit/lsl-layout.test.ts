import { describe, expect, test } from "vitest";
import { candidates } from "../../adapters/lsl/candidates.ts";
import { channelsOfUnits, checkLayout } from "../../adapters/lsl/layout.ts";
import { lslOptions } from "../../adapters/lsl/options.ts";
import { describeQuery, predicate } from "../../adapters/lsl/query.ts";
import type { StreamDescription } from "../../adapters/lsl/stream.ts";

const stream = (changes: Partial<StreamDescription>): StreamDescription => ({
  name: "s",
  type: "T",
  sourceId: "id",
  uid: "u",
  hostname: "h",
  format: "float32",
  channels: 3,
  rateHz: 50,
  labels: [],
  ...changes,
});
const check = (raw: object, changes: Partial<StreamDescription>, labels = ["a", "b", "c"]) =>
  checkLayout(stream(changes), lslOptions.parse(raw), labels);

describe("layouts", () => {
  test("what fits is taken", () => {
    check({ layout: "counts" }, {});
    check({ layout: "events" }, { rateHz: 0, channels: 50, format: "int16" });
    check({ layout: "markers" }, { rateHz: 0, channels: 1, format: "string" });
  });

  test.each([
    ["counts", { rateHz: 0 }, "an irregular rate, 3 channels of float32"],
    ["counts", { format: "string" }, "a rate of 50 Hz, 3 channels of string"],
    ["counts", { format: "undefined" }, "a rate of 50 Hz, 3 channels of undefined"],
    ["events", {}, "a rate of 50 Hz, 3 channels of float32"],
    ["events", { rateHz: 0, channels: 1 }, "an irregular rate, 1 channels of float32"],
    ["markers", { rateHz: 0, format: "string", channels: 2 }, "an irregular rate, 2 channels of string"],
    ["markers", { rateHz: 0, format: "int32", channels: 1 }, "an irregular rate, 1 channels of int32"],
  ] as const)("%s refuses what does not fit, and says what was expected and what came (%#)", (layout, changes, got) => {
    expect(() => check({ layout }, changes)).toThrow(`[SOURCE_MISMATCH] LSL stream s: expected layout ${layout}: `);
    expect(() => check({ layout }, changes)).toThrow(`, got ${got}`);
  });

  test("units by label, by position, or not at all", () => {
    const map = (raw: object, changes: Partial<StreamDescription>) => [
      ...channelsOfUnits(stream(changes), lslOptions.parse({ layout: "counts", ...raw }), ["a", "b", "c"]),
    ];
    expect(map({}, { channels: 4, labels: ["c", "x", "b", "a"] })).toEqual([3, 2, 0]);
    expect(map({ units: { Ch1: "a", Ch2: "b" } }, { labels: ["Ch1", "c", "Ch2"] })).toEqual([0, 2, 1]);
    expect(map({}, { labels: ["x", "y", "z"] })).toEqual([0, 1, 2]);
    expect(map({}, {})).toEqual([0, 1, 2]);
    expect(map({ byPosition: true }, { labels: ["c", "b", "x"] })).toEqual([0, 1, 2]);
    expect(() => map({}, { labels: ["c", "b", "x"] })).toThrow(
      "expected channels labelled as all 3 units of the bundle (or byPosition: true), got none labelled a",
    );
    expect(() => map({}, { channels: 4 })).toThrow("expected 3 channels, as many as the bundle has units, got 4");
  });

  test("options want a name, a type or a sourceId", () => {
    expect(lslOptions.parse({}).stream).toEqual({ type: "SpikeEvents" });
    expect(lslOptions.safeParse({ stream: {} }).success).toBe(false);
    expect(lslOptions.safeParse({ stream: { nam: "x" } }).success).toBe(false);
  });
});

describe("query", () => {
  test("speaks XPath, with any quotes", () => {
    expect(predicate({ name: "A", type: "B", sourceId: "C" })).toBe("name='A' and type='B' and source_id='C'");
    expect(predicate({ type: "it's" })).toBe(`type="it's"`);
    expect(predicate({ name: `a'b"c` })).toBe(`name=concat('a',"'",'b"c')`);
    expect(predicate({ name: "x' or '1'='1" })).toBe(`name="x' or '1'='1"`);
    expect(describeQuery({ name: "A", sourceId: "C" })).toBe("name A, source_id C");
  });
});

describe("where liblsl is looked for", () => {
  test("option, LSL_LIB, the system, lsl.js: in this order", () => {
    const list = candidates("/x/liblsl.so", { LSL_LIB: "/y/liblsl.so" }, { platform: "linux", arch: "x64" });
    expect(list.map(({ why }) => why)).toEqual([
      "option library",
      "LSL_LIB",
      ...Array(4).fill("system"),
      "npm package lsl.js",
    ]);
    expect(list.at(-1)?.path).toMatch(/lsl\.js\/prebuilt\/liblsl64\.so$/);
    expect(candidates(undefined, {}, { platform: "linux", arch: "riscv64" }).map(({ why }) => why)).toEqual(
      Array(4).fill("system"),
    );
  });
});
