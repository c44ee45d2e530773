// What `npm start` and `npm test` run on a fresh machine: plain JavaScript for whatever Node the machine has (20 or newer).
// It installs what is missing, then hands over to the Node that package.json pins.
import { runDemo } from "./demo.mjs";
import { buildViewer, installPackages, pinnedEnvironment, run } from "./install.mjs";
import { runTests } from "./tests.mjs";

const [command = "start", ...rest] = process.argv.slice(2);

try {
  await installPackages();
  if (command === "start") {
    await buildViewer();
    process.exitCode = await runDemo(rest);
  } else if (command === "test") {
    process.exitCode = await runTests(rest);
  } else if (command === "setup") {
    await run("node", ["--version"], { env: pinnedEnvironment() });
  } else {
    throw new Error(`expected start, test or setup, got ${command}`);
  }
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
