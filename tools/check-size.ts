// Files of the product stop at 250 lines, functions at 50: the tail is where a code base goes bad.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const MAX_LINES = 250;
const files = execFileSync(
  "git",
  ["ls-files", "src", "adapters", "rig", "daemon", "clients", "bench", "examples", "training"],
  {
    encoding: "utf8",
  },
)
  .split("\n")
  .filter((file) => /\.(ts|tsx|py)$/.test(file));
const tooLong = files
  .map((file) => ({ file, lines: readFileSync(file, "utf8").split("\n").length - 1 }))
  .filter(({ lines }) => lines > MAX_LINES);
for (const { file, lines } of tooLong) process.stderr.write(`${file}: ${lines} lines, at most ${MAX_LINES}\n`);
process.exitCode = tooLong.length === 0 ? 0 : 1;
