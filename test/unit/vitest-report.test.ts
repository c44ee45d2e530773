import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { countVitest } from "../../tools/vitest-report.mjs";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(root, "node_modules/.vitest-report-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("files of tests that cannot be loaded count as one failure each, in a report that vitest itself wrote", () => {
  const files = {
    "fine.test.js": 'import { test } from "vitest"; test("a", () => {}); test.skip("b", () => {});',
    "fails.test.js": 'import { test } from "vitest"; test("a", () => { throw new Error("no"); });',
    "missing.test.js": 'import "./nowhere.js";',
    "broken.test.js": "import {",
    "hook.test.js":
      'import { beforeAll, test } from "vitest"; beforeAll(() => { throw new Error("no"); }); test("a", () => {});',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, "vitest.config.js"), 'export default { test: { include: ["**/*.test.js"] } };');
  const program = join(root, "node_modules/vitest/vitest.mjs");
  const report = join(folder, "report.json");
  const { VITEST: _, VITEST_WORKER_ID: __, VITEST_POOL_ID: ___, ...env } = process.env;
  spawnSync(process.execPath, [program, "run", "--root", folder, "--reporter=json", `--outputFile=${report}`], { env });
  expect(countVitest(JSON.parse(readFileSync(report, "utf8")))).toEqual({ passed: 1, failed: 4, skipped: 2 });
});
