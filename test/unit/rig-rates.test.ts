import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { rateHz, timeCourse, timeCourseTable } from "../../rig/rates.ts";
import { readSession } from "../../rig/session.ts";

const SESSION = join(import.meta.dirname, "../fixtures/tiny-bundle/session");
const golden = z
  .object({
    cases: z.array(
      z.object({
        stimulus: z.number(),
        previous: z.number(),
        unit: z.number(),
        tauMs: z.number(),
        rateHz: z.number(),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(join(SESSION, "golden.json"), "utf8")));

test.each(golden.cases)(
  "rate of unit $unit, $tauMs ms after stimulus $stimulus, as the trainer computes it",
  async (c) => {
    const session = await readSession(SESSION);
    if (session.kind !== "simulated") throw new Error("expected a simulated session");
    const { population, presentation, drivenHz, units } = session;
    const response = {
      baselineHz: population.baselineHz[c.unit] ?? 0,
      latencyMs: population.latencyMs[c.unit] ?? 0,
      currentHz: drivenHz[c.stimulus * units.length + c.unit] ?? 0,
      previousHz: drivenHz[c.previous * units.length + c.unit] ?? 0,
    };
    // The trainer computes in float64 from float32 constants read back; the table below is float32.
    expect(Math.abs(rateHz(population, presentation, response, c.tauMs) - c.rateHz)).toBeLessThan(1e-6);
  },
);

describe("h(x)", () => {
  const shape = { riseMs: 10, transient: 1, transientDecayMs: 50, offDecayMs: 30 };
  test("is 0 before the response", () => expect(timeCourse(shape, 500, -0.1)).toBe(0));
  test("settles at 1", () => expect(timeCourse(shape, 5_000, 4_999)).toBeCloseTo(1, 6));
  test("decays by 1/e in offDecayMs", () => {
    expect(timeCourse(shape, 500, 530) / timeCourse(shape, 500, 500)).toBeCloseTo(Math.exp(-1), 9);
  });
  test("the table holds it in the middle of each millisecond", async () => {
    const session = await readSession(SESSION);
    if (session.kind !== "simulated") throw new Error("expected a simulated session");
    const { population, presentation } = session;
    const table = timeCourseTable(population, presentation);
    const length = 2 * (presentation.onMs + presentation.offMs);
    const latency = population.latencyMs[3] ?? 0;
    expect(table[3 * length + 200]).toBeCloseTo(timeCourse(population, presentation.onMs, 200.5 - latency), 6);
  });
});
