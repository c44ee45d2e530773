import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Running, TINY_LINEAR } from "./processes.ts";

const folder = mkdtempSync(join(tmpdir(), "phosphene-bench-linear-"));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ["random matrices", [], "1024 units x 5 bins, 64 latents, 64x64x3"],
  ["tiny-linear", ["--bundle", TINY_LINEAR], "8 units x 5 bins, 8 latents, 8x8x3"],
])("`bench linear` times %s: every stage, back to back and at a cadence", async (bundle, args, shape) => {
  const path = join(folder, `${bundle}.json`);
  await using bench = new Running(["bench/main.ts", "linear", "--smoke", "--json", path, ...args]);
  expect(await bench.exited()).toBe(0);
  const result = JSON.parse(readFileSync(path, "utf8"));
  expect(result).toMatchObject({ harness: "linear", bundle, shape });
  expect(result.rows.map(({ name, ms }: { name: string; ms: { n: number } }) => [name, ms.n])).toEqual([
    ...["whole", "encode", "picture"].map((stage) => [`back to back: ${stage}`, 20]),
    ...["whole", "encode", "picture"].map((stage) => [`every 20 ms: ${stage}`, 5]),
    ...["whole", "encode", "picture", "lesson, after the frame"].map((stage) => [`every 20 ms, adapting: ${stage}`, 5]),
    ["every 20 ms, adapting: a slice of it", expect.any(Number)],
  ]);
});

test("`bench drift` plays a session in which units drift and are exchanged, and draws what adaptation makes of it", async () => {
  const [json, figure] = [join(folder, "drift.json"), join(folder, "drift.svg")];
  const args = ["bench/main.ts", "drift", "--smoke", "--moved", "0.5", "--json", json, "--figure", figure];
  await using bench = new Running(args);
  expect(await bench.exited()).toBe(0);
  const { bundle, points } = JSON.parse(readFileSync(json, "utf8"));
  expect(bundle).toBe("demo-linear");
  expect(points.map(({ minute }: { minute: number }) => Math.round(60 * minute))).toEqual([10, 20, 30]);
  expect(points.at(-1).updates).toBeGreaterThan(100);
  for (const { frozen, adapted } of points) {
    expect(frozen.windows).toBe(adapted.windows);
    for (const { category } of [frozen, adapted]) expect(category).toBeLessThanOrEqual(1);
  }
  expect(points[0].frozen.category).toBeGreaterThan(points.at(-1).frozen.category);
  expect(readFileSync(figure, "utf8")).toContain("50 % exchanged");
});
