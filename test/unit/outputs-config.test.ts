import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseConfig } from "../../src/config.ts";

const serial = (of: object) => ({ serial: { enabled: true, path: "/dev/ttyUSB0", rules: [{ when: "frame" }], ...of } });
const network = (of: object) => ({ networkEvents: { enabled: true, rules: [{ when: "frame", line: 1 }], ...of } });

test.each([
  ["a serial line without a device", serial({ path: null }), /outputs\.serial\.path: expected the device \(got null\)/],
  ["one without rules", serial({ rules: [] }), /outputs\.serial\.rules: expected at least one rule/],
  ["a byte that is none", serial({ rules: [{ when: "frame", on: 256 }] }), /outputs\.serial\.rules\.0\.on/],
  [
    "a condition that is none",
    serial({ rules: [{ when: "frame" }, { when: "image > 3" }] }),
    /outputs\.serial\.rules\.1\.when: expected frame, state:.* \(got "image > 3"\)/,
  ],
  ["a line beyond 256", network({ rules: [{ when: "frame", line: 257 }] }), /outputs\.networkEvents\.rules\.0\.line/],
  ["no line", network({ rules: [{ when: "frame" }] }), /outputs\.networkEvents\.rules\.0\.line.*got nothing/],
  ["no rules", network({ rules: [] }), /outputs\.networkEvents\.rules: expected at least one rule/],
  ["a port that is none", network({ endpoint: "tcp://rig:70000" }), /networkEvents\.endpoint: expected a port/],
  ["a deadline of nothing", network({ deadlineMs: 0 }), /outputs\.networkEvents\.deadlineMs/],
  [
    "a socket for everybody",
    { zeromq: { endpoint: "tcp://*:8788" } },
    /outputs\.zeromq\.endpoint: expected a loopback/,
  ],
  ["a name like loopback's", { zeromq: { endpoint: "tcp://127.0.0.1.evil:8788" } }, /expected a loopback address/],
])("%s is refused with its path", (_, outputs, message) =>
  expect(() => parseConfig({ outputs }, "config.yaml")).toThrow(message),
);

test("what is written is kept: conditions are printed as they were given, and defaults are filled in", () => {
  const { outputs } = parseConfig({ outputs: { ...serial({}), ...network({}) } }, "config.yaml");
  expect(outputs.serial.rules).toEqual([{ when: "frame", onset: false, line: "byte", on: 1, off: 0, durationMs: 5 }]);
  expect(outputs.networkEvents.rules).toEqual([{ when: "frame", onset: false, line: 1, durationMs: 5 }]);
});

test("docs/config.md explains every key of every output", () => {
  const doc = readFileSync(new URL("../../docs/config.md", import.meta.url), "utf8");
  for (const [name, keys] of Object.entries(parseConfig({}, "defaults").outputs))
    for (const key of Object.keys(keys)) expect(doc).toContain(`\`outputs.${name}.${key}\``);
});
