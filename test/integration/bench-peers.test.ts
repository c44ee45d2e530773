// The comparison with peers in its smoke version: that every system that can run here gives an output for every bin, and the right one. No times.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { PeersResult } from "../../bench/peers/report.ts";
import { SYSTEMS } from "../../bench/peers/systems.ts";
import { Running, TINY } from "./processes.ts";

// Python packages may have to be fetched first, on machines that may be busy.
vi.setConfig({ testTimeout: 300_000 });

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "phosphene-bench-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function smoke(...args: string[]): Promise<{ result: PeersResult; output: string }> {
  const path = join(folder, "peers.json");
  await using running = new Running(["bench/main.ts", "peers", "--smoke", "--json", path, ...args]);
  expect(await running.exited(), running.output).toBe(0);
  return { result: JSON.parse(readFileSync(path, "utf8")) as PeersResult, output: running.output };
}

function expectRight({ comparisons }: PeersResult, names: readonly string[]): void {
  expect(comparisons).toHaveLength(1);
  const [{ rows }] = comparisons as [PeersResult["comparisons"][number]];
  expect(rows.map(({ system }) => system)).toEqual(names);
  for (const { problems, agreement, expected, lost, latencyMs } of rows) {
    expect(problems).toEqual([]);
    expect(agreement.compared).toBeGreaterThan(10);
    expect(expected).toBeGreaterThan(80);
    expect(latencyMs.n).toBe(expected - lost);
  }
}

test("linear: ours, and ezmsg where it can be had, are right on the same spikes; what cannot be had is said", async () => {
  const { result, output } = await smoke();
  const there = ["phosphene", "ezmsg"].filter((name) => !Object.hasOwn(result.skipped, name));
  expect(there).toContain("phosphene");
  expectRight(result, there);
  for (const [name, why] of Object.entries(result.skipped)) {
    process.stderr.write(`SKIPPED ${name}: ${why}\n`);
    expect(output).toContain(`Not run: ${name}`);
  }
});

const torchMissing = SYSTEMS.torch!.missing();
if (torchMissing !== undefined) process.stderr.write(`SKIPPED torch: ${torchMissing}\n`);
test.skipIf(torchMissing !== undefined)(
  "diffusion: a loop of PyTorch gives the same latents and pictures",
  async () => {
    const { result } = await smoke("--bundle", TINY);
    expectRight(result, ["phosphene", "torch"]);
  },
);

test("a system that there is not, or not for such a bundle, is refused by name", async () => {
  await using running = new Running(["bench/main.ts", "peers", "--smoke", "--only", "torch"]);
  expect(await running.exited()).not.toBe(0);
  expect(running.output).toContain("--only: no system torch for a bundle of kind linear");
});
