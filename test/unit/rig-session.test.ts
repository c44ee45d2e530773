import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readSession } from "../../rig/session.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "phosphene-session-"));
});
afterEach(() => rm(folder, { recursive: true }));

const rates = Buffer.from(Float32Array.of(10, -5).buffer);
const good = {
  format: 1,
  name: "two",
  kind: "simulated",
  units: [
    { label: "E1.1", electrode: "E1", sortedId: 1 },
    { label: "E2.1", electrode: "E2", sortedId: 1 },
  ],
  stimuli: [{ id: "a", file: "a.webp", category: "x", labels: {} }],
  presentation: { onMs: 500, offMs: 500 },
  rates: { file: "rates.f32", sha256: createHash("sha256").update(rates).digest("hex") },
  population: {
    ...{ baselineHz: [5, 5], latencyMs: [60, 70], riseMs: 10, transient: 1, transientDecayMs: 50 },
    ...{ offDecayMs: 60, gainSd: 0.1, gainTauMs: 500, refractoryMs: 2 },
  },
};
async function write(change: object, bytes = rates) {
  await writeFile(join(folder, "session.json"), JSON.stringify({ ...good, ...change }));
  await writeFile(join(folder, "rates.f32"), bytes);
  return readSession(folder);
}

const population2 = {
  ...{ ...good.population, riseMs: [10, 12], transient: [1, 0.5], adaptation: [0, 0.4], adaptationHz: 50 },
  ...{ factors: [{ tauMs: 200, loadings: [0.1, -0.1] }], driftSd: 0.1, driftTauMs: 1_200_000 },
};

test("format 2 is read as it is, format 1 as units alike in shape without adaptation, factors and drift", async () => {
  const encoding = { file: "encoding.onnx", sha256: "0".repeat(64) };
  const second = { format: 2, population: population2, encoding };
  expect(await write(second)).toMatchObject(second);
  expect(await write({})).toMatchObject({
    format: 2,
    population: { riseMs: [10, 10], transient: [1, 1], adaptation: [0, 0], factors: [], driftSd: 0 },
  });
});

test.each([
  ["loadings", { factors: [{ tauMs: 200, loadings: [0.1] }] }, /population\.factors\[0\].*one number per unit/],
  ["adaptations", { adaptation: [0.1, 0.2, 0.3] }, /population\.adaptation.*one number per unit/],
])("a wrong number of %s is refused", async (_name, change, sentence) => {
  const session = { format: 2, population: { ...population2, ...change } };
  await expect(write(session)).rejects.toThrow(sentence);
});

test("a session is read with its rates", async () => {
  expect(await write({})).toMatchObject({ name: "two", drivenHz: Float32Array.of(10, -5) });
});

test.each([
  ["another format", { format: 3 }, /format/],
  ["format 2 with the constants of format 1", { format: 2 }, /riseMs.*adaptation.*factors.*driftSd/s],
  ["a kind that we do not play", { kind: "dreamt" }, /kind/],
  ["a label that does not match", { units: [{ label: "E1.2", electrode: "E1", sortedId: 1 }] }, /electrode \+/],
  ["constants for fewer units", { population: { ...good.population, baselineHz: [5] } }, /one number per unit/],
  ["rates outside the folder", { rates: { ...good.rates, file: "../x" } }, /inside the session folder, got "\.\.\/x"/],
  ["another digest", { rates: { ...good.rates, sha256: "0".repeat(64) } }, /expected "0{64}"|SHA-256/],
])("%s is refused", async (_name, change, sentence) => {
  await expect(write(change)).rejects.toMatchObject({
    code: "SESSION_INVALID",
    message: expect.stringMatching(sentence),
  });
});

test("every mistake is named at once", async () => {
  const error = await write({ name: 2, presentation: { onMs: 0, offMs: -1 } }).catch(String);
  expect(error).toMatch(/name.*onMs.*offMs/s);
});

test("a folder without a session says which file it wanted", async () => {
  await expect(readSession(join(folder, "no"))).rejects.toMatchObject({ code: "SESSION_INVALID" });
  await writeFile(join(folder, "session.json"), "{");
  await expect(readSession(folder)).rejects.toThrow(/expected JSON/);
});
