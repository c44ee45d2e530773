import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { adaptedHz, rateHz, timeCourse, timeCourseTable, unitShape } from "../../rig/rates.ts";
import { readSession } from "../../rig/session.ts";

const SESSION = join(import.meta.dirname, "../fixtures/tiny-bundle/session");
const golden = z
  .object({
    cases: z.array(
      z.object({
        stimulus: z.number(),
        previous: z.number(),
        beforePrevious: z.number(),
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
    const driven = (stimulus: number) => drivenHz[stimulus * units.length + c.unit] ?? 0;
    const response = {
      baselineHz: population.baselineHz[c.unit] ?? 0,
      latencyMs: population.latencyMs[c.unit] ?? 0,
      currentHz: adaptedHz(population, c.unit, driven(c.stimulus), driven(c.previous)),
      previousHz: adaptedHz(population, c.unit, driven(c.previous), driven(c.beforePrevious)),
    };
    const rate = rateHz(unitShape(population, c.unit), presentation, response, c.tauMs);
    expect(Math.abs(rate - c.rateHz)).toBeLessThan(1e-9);
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
    expect(table[3 * length + 200]).toBeCloseTo(
      timeCourse(unitShape(population, 3), presentation.onMs, 200.5 - latency),
      6,
    );
  });
});
