import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bindCondition, type Decoded } from "../../src/outputs/bind.ts";
import {
  COMPARISONS,
  type Condition,
  type FrameClause,
  formatCondition,
  parseCondition,
  STATES,
} from "../../src/outputs/condition.ts";
import type { FrameBody } from "../../src/protocol/messages.ts";
import { SERVER } from "../golden/protocol-messages.ts";
import { FUZZ_TIMEOUT_MS, RUNS } from "./fuzz-runs.ts";

const decoded: Decoded = {
  ...SERVER.hello.bundle,
  readouts: [
    { name: "category", kind: "class", unit: "", labels: ["face", "house and garden"] },
    { name: "position", kind: "value", unit: "deg", labels: ["x"] },
  ],
};
const frame = SERVER.frame;
const isTrue = (text: string, of: Partial<FrameBody> = {}) =>
  bindCondition(parseCondition(text), decoded).frame({ ...frame, ...of });

describe("conditions", () => {
  test.each([
    ["frame", true],
    ["state:ok", true],
    ["state:held", false],
    ["readout:category:face >= 0.1", true],
    ["readout:category:face > 0.5", false],
    ["readout:category:house and garden > 0.89", true],
    ["readout:position:x < -3", true],
    ["readout:position:x<=-3.5", true],
    // The mean of 0.5, -1.25 and 3e-7.
    ["latent:form >= -0.2501", true],
    ["latent:form >= -0.2499", false],
    ["latent:form.1 < -1.2", true],
    ["latent:colour >= 2", true],
    ["bits:form >= 1.5", true],
    ["bits:colour > 0.0625", false],
    ["explained > 7e-1", true],
    ["state:ok and bits:form > 1 and explained > 0.9", false],
    ["state:ok and bits:form > 1", true],
    ["readout:category:house and garden > 0.8 and frame", true],
    ["event:stimulus apple-3", false],
  ])("%s is %s of the golden frame", (text, wanted) => expect(isTrue(text)).toBe(wanted));

  test.each([
    ["event:stimulus apple-3", true],
    ["event:stimulus *", true],
    ["event:*", true],
    ["event:stimulus", false],
    ["event:a and state:ok", false],
    ["frame", false],
  ])("%s is %s of the golden event", (text, wanted) =>
    expect(bindCondition(parseCondition(text), decoded).event(SERVER.event.text)).toBe(wanted),
  );

  test("values of a picture that is none, or an old one, trigger nothing; states and frames do", () => {
    const held = { state: "held", held: { seq: 40, bin: 102, ageMs: 61.5 } } as const;
    for (const of of [{ state: "no-reconstruction" as const }, held]) {
      expect(isTrue("explained > 0", of)).toBe(false);
      expect(isTrue("latent:form < 100", of)).toBe(false);
      expect(isTrue(`frame and state:${of.state}`, of)).toBe(true);
    }
  });

  test("what is not a number fulfils no comparison", () => {
    const explained = Number.NaN;
    for (const comparison of COMPARISONS) expect(isTrue(`explained ${comparison} 0`, { explained })).toBe(false);
    expect(isTrue("readout:category:face < 9", { readouts: {} })).toBe(false);
  });

  test.each([
    ["", /expected frame, state:<state>.* got ""/],
    ["state:fine", /expected state:ok\|late\|held\|no-reconstruction, got "state:fine"/],
    ["readout:category >= 1", /readout:<name>:<label>/],
    ["readout:category:face = 1", /got "readout:category:face = 1"/],
    ["latent: >= 1", /got "latent: >= 1"/],
    ["explained >= Infinity", /expected/],
    ["explained >= 1e999", /expected/],
    ["event:", /event:<text>/],
    ["frame and nonsense", /got "frame and nonsense"/],
    ["x".repeat(600), /at most 512 characters/],
  ])("%.30s is refused", (text, message) => expect(() => parseCondition(text)).toThrow(message));

  test.each([
    ["readout:colour:red > 0", /readout: expected one of category, position, got "colour"/],
    ["readout:category:dog > 0", /readout:category: expected one of face, house and garden, got "dog"/],
    ["latent:shape > 0", /latent group: expected one of form, colour, got "shape"/],
    ["latent:form.3 > 0", /latent:form: expected a coordinate from 0 to 2, got 3/],
    ["bits:shape > 0", /latent group/],
  ])("%s is refused by the bundle", (text, message) =>
    expect(() => bindCondition(parseCondition(text), decoded)).toThrow(message),
  );
});

const word = fc.stringMatching(/^[A-Za-z0-9µ][A-Za-z0-9µ_ -]{0,12}[A-Za-z0-9µ]$/).filter((text) => !/ and /.test(text));
const threshold = fc.double({ noNaN: true, noDefaultInfinity: true });
const quantity: fc.Arbitrary<Extract<FrameClause, { kind: "value" }>["quantity"]> = fc.oneof(
  fc.record({ of: fc.constant("readout" as const), name: word, label: word }),
  fc.record({ of: fc.constant("latent" as const), group: word, index: fc.option(fc.nat(99)) }),
  fc.record({ of: fc.constant("bits" as const), group: word }),
  fc.record({ of: fc.constant("explained" as const) }),
);
const clause: fc.Arbitrary<FrameClause> = fc.oneof(
  fc.constant({ kind: "frame" as const }),
  fc.record({ kind: fc.constant("state" as const), state: fc.constantFrom(...STATES) }),
  fc.record({
    ...{ kind: fc.constant("value" as const), quantity, comparison: fc.constantFrom(...COMPARISONS), threshold },
  }),
);
const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ on: fc.constant("frame" as const), clauses: fc.array(clause, { minLength: 1, maxLength: 4 }) }),
  fc.record({ on: fc.constant("event" as const), text: word, prefix: fc.boolean() }),
);

describe("fuzz", { timeout: FUZZ_TIMEOUT_MS }, () => {
  test("a condition reads back as it was written", () => {
    fc.assert(
      fc.property(condition, (wanted) => {
        const text = formatCondition(wanted);
        fc.pre(text.length <= 512);
        // -0 is written 0, and compares alike.
        expect(parseCondition(formatCondition(parseCondition(text)))).toEqual(parseCondition(text));
        expect(JSON.stringify(parseCondition(text))).toBe(JSON.stringify(wanted));
      }),
      { numRuns: RUNS },
    );
  });

  test("any text is a condition or CONFIG_INVALID", () => {
    const pieces = fc.constantFrom("frame", " and ", "state:", "readout:", "latent:", ">=", "<", "1e9", ".", ":", "*");
    const text = fc.array(fc.oneof(pieces, fc.string()), { maxLength: 12 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, (said) => {
        try {
          const parsed = parseCondition(said);
          expect(parseCondition(formatCondition(parsed))).toEqual(parsed);
        } catch (error) {
          expect(String(error)).toMatch(/\[CONFIG_INVALID\] condition: expected/);
        }
      }),
      { numRuns: RUNS },
    );
  });
});
