import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { OracleResult } from "../../bench/oracle.ts";
import { Running, TINY, TINY_OPTIMISE } from "./processes.ts";

test("oracle: the more iterations a frame has, the nearer it comes to what many from grey find", async () => {
  const folder = mkdtempSync(join(tmpdir(), "phosphene-oracle-"));
  try {
    const json = join(folder, "result.json");
    const options = ["--bundle", TINY_OPTIMISE, "--session", join(TINY, "session"), "--smoke", "--threads", "1"];
    await using bench = new Running(["bench/main.ts", "oracle", ...options, "--json", json]);
    expect(await bench.exited()).toBe(0);
    const { rows, compared, inside, oracleIterations } = JSON.parse(readFileSync(json, "utf8")) as OracleResult;
    expect(rows.map(({ iterations }) => iterations)).toEqual([1, 2, 4]);
    expect([compared, inside > 0, oracleIterations]).toEqual([9, true, 4]);
    for (const { all, inside: within } of rows)
      expect(Math.max(Math.abs(all), Math.abs(within))).toBeLessThanOrEqual(1);
    expect(rows[2]!.all).toBeGreaterThan(rows[0]!.all);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
