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
  const [before, after] = points;
  expect(points.map(({ minute }: { minute: number }) => minute)).toEqual([2, 4]);
  expect(after.updates).toBeGreaterThan(2000);
  // Before the electrodes move there is nothing to learn; afterwards much is lost, and some of it is learned again.
  for (const { category } of [before.frozen, before.adapted]) expect(category).toBeGreaterThan(0.98);
  for (const score of ["category", "values"]) {
    expect(after.frozen[score]).toBeLessThan(before.frozen[score] - 0.1);
    expect(after.adapted[score]).toBeGreaterThan(after.frozen[score] + 0.03);
  }
  expect(readFileSync(figure, "utf8")).toContain("50 % exchanged");
});

test("`bench adapting` times frames of a live daemon that learns, and of the same one that does not", async () => {
  const json = join(folder, "adapting.json");
  await using bench = new Running(["bench/main.ts", "adapting", "--smoke", "--json", json]);
  expect(await bench.exited()).toBe(0);
  const result = JSON.parse(readFileSync(json, "utf8"));
  expect(result).toMatchObject({ bundle: "demo-linear", units: 256 });
  expect(result.rows.map(({ ms }: { ms: { n: number } }) => ms.n)).toEqual([50, 50, 50, 50]);
});
