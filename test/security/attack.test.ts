import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { attackSchema } from "../../bench/attack/result.ts";
import { Running, TINY } from "../integration/processes.ts";

it("a daemon under attack lets nobody in, counts every refusal, and decodes on", { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "phosphene-attack-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "attack.json");
  await using bench = new Running(["bench/main.ts", "attack", "--smoke", "--bundle", TINY, "--json", path]);
  // Ends with an error when a ledger does not balance, or when anybody but the one with the token is connected.
  expect(await bench.exited(), bench.output).toBe(0);
  const { phases, repelled } = attackSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  for (const { total } of Object.values(phases)) expect(total.n).toBeGreaterThan(0);
  const [held, flood] = repelled;
  expect(held?.phase).toBe("held");
  expect(held?.opened).toBe(100);
  const { opened, ended, failed, refused } = flood!;
  expect(failed).toBe(0);
  expect(ended).toBe(opened);
  expect((refused.token ?? 0) + (refused.http ?? 0)).toBe(ended);
});
