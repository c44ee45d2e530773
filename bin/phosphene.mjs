#!/usr/bin/env node
// Runs the daemon's command line on the Node that package.json pins, whatever node the machine has.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("..", import.meta.url);
const node = fileURLToPath(new URL("node_modules/node/bin/node", root));
if (!existsSync(node)) {
  process.stderr.write("phosphene is not installed: run `npm ci` (or `npm start`) in its folder first\n");
  process.exit(1);
}
const main = fileURLToPath(new URL("daemon/main.ts", root));
const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 143)));
