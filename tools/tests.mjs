import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildViewer, pinnedEnvironment, root, run, say } from "./install.mjs";
import { findUv } from "./uv.mjs";
import { countVitest } from "./vitest-report.mjs";

/** Everything CI checks: format, lint, imports, types, sizes, then every test. `args` go to vitest. Resolves with the exit code. */
export async function runTests(args) {
  await installChromium();
  await buildViewer();
  const env = pinnedEnvironment();
  say("checking format, lint, import directions, types, sizes");
  const checked = await passes("npm", ["run", "--silent", "check"], env);
  say("running the tests");
  const javascript = await vitest(args, env);
  const python = args.length === 0 ? ["training", "clients/python"].map(pytest) : [];
  const sum = (key) => [javascript, ...python].reduce((total, counts) => total + counts[key], 0);
  const passed = sum("passed");
  const failed = sum("failed") + (checked ? 0 : 1);
  process.stdout.write(`\n${passed} passed, ${failed} failed, ${sum("skipped")} skipped\n`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

async function passes(command, args, env) {
  return run(command, args, { env }).then(
    () => true,
    (error) => {
      process.stderr.write(`${error.message}\n`);
      return false;
    },
  );
}

/** The browser test needs Debian's chromium; a machine that has none gets it when we may install. */
async function installChromium() {
  if (existsSync("/usr/bin/chromium")) return;
  if (process.getuid?.() !== 0) throw new Error("chromium is missing: `sudo apt-get install -y chromium`, then again");
  say("installing chromium for the browser test (apt-get)");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["update", "-qq"], { env });
  await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "chromium"], { env });
}

async function vitest(args, env) {
  const folder = mkdtempSync(join(tmpdir(), "phosphene-test-"));
  const report = join(folder, "vitest.json");
  const ok = await passes(
    "vitest",
    ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...args],
    env,
  );
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 };
  const { passed, failed, skipped } = countVitest(JSON.parse(readFileSync(report, "utf8")));
  rmSync(folder, { recursive: true });
  return { passed, failed: ok ? failed : Math.max(1, failed), skipped };
}

/** The tests of a Python project, in an environment that uv makes for it. */
function pytest(project) {
  say(`running the tests of ${project} (uv, pytest)`);
  const uv = findUv();
  const result = spawnSync(uv, ["run", "--project", project, "pytest", `${project}/tests`], {
    cwd: root,
    encoding: "utf8",
  });
  process.stdout.write(result.stdout ?? "");
  process.stderr.write(result.stderr ?? "");
  const count = (word) => Number(new RegExp(`(\\d+) ${word}`).exec(result.stdout ?? "")?.[1] ?? 0);
  const failed = count("failed") + count("error");
  return {
    passed: count("passed"),
    failed: result.status === 0 ? failed : Math.max(1, failed),
    skipped: count("skipped"),
  };
}
