// The import directions of the design. A cruise that reads almost nothing (no TypeScript parser) would pass: that is an error too.
import { execFileSync } from "node:child_process";

const FOLDERS = ["src", "adapters", "rig", "daemon", "clients", "bench", "examples"];
const FEWEST_MODULES = 100;

let output: string;
try {
  output = execFileSync("depcruise", [...FOLDERS, "--config", ".dependency-cruiser.cjs"], { encoding: "utf8" });
} catch (error) {
  process.stderr.write(error instanceof Error && "stdout" in error ? String(error.stdout) : String(error));
  process.exit(1);
}
const modules = Number(/\((\d+) modules/.exec(output)?.[1] ?? 0);
if (modules < FEWEST_MODULES) {
  process.stderr.write(`dependency-cruiser read ${modules} modules, expected at least ${FEWEST_MODULES}\n${output}`);
  process.exit(1);
}
