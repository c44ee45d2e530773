// The smoke version of `bench sampler`: both paths run, they agree bit for bit on the CPU, and the control is noticed. No times.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { originSchema } from "../../bench/output.ts";
import type { SamplerResult } from "../../bench/sampler.ts";
import { Running, TINY } from "./processes.ts";

const folder = mkdtempSync(join(tmpdir(), "phosphene-sampler-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function sampler(...args: string[]): Promise<{ code: unknown; output: string }> {
  await using running = new Running(["bench/main.ts", "sampler", "--bundle", TINY, ...args]);
  return { code: await running.exited(), output: running.output };
}

test("both paths, every number of steps, back to back and at a cadence; the same answers, and a control that differs", async () => {
  const path = join(folder, "sampler.json");
  const { code, output } = await sampler("--smoke", "--json", path);
  expect(code, output).toBe(0);
  const result = JSON.parse(readFileSync(path, "utf8")) as SamplerResult; // checked below
  expect(originSchema.parse(result).harness).toBe("sampler");
  expect(result.rows.map(({ path: way, k, cadenceMs }) => `${way} ${k} ${cadenceMs}`)).toEqual(
    ["plain", "bound"].flatMap((way) => [0, 5].flatMap((ms) => [null, 1, 2, 4].map((k) => `${way} ${k} ${ms}`))),
  );
  for (const { n, p50, p90, p99, p999, max, dtype } of result.rows) {
    expect(n).toBe(5);
    expect([p50, p90, p99, p999, max]).toEqual([p50, p90, p99, p999, max].sort((a, b) => a - b));
    expect(dtype).toBe("fp32");
  }
  expect(result.agreement.map(({ graph }) => graph)).toEqual(["encode", "sample-1", "sample-2", "sample-4"]);
  for (const { inputs, bitEqual, worst, staleNoticed } of result.agreement)
    expect({ bitEqual, worst, staleNoticed }).toEqual({ bitEqual: inputs, worst: 0, staleNoticed: inputs - 1 });
  expect(output).toMatch(/\| 4 steps \| bound, cpu \|/);
});
