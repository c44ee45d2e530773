import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** The environment in which `node` is the pinned one. */
export function pinnedEnvironment() {
  const bins = [join(root, "node_modules", "node", "bin"), join(root, "node_modules", ".bin")];
  return { ...process.env, PATH: [...bins, process.env.PATH].join(delimiter), ONNXRUNTIME_NODE_INSTALL: "skip" };
}

/** Says what is going on, before anything that takes long. */
export function say(message) {
  process.stdout.write(`\n── ${message}\n`);
}

/** Runs a command in the project's root with its output shown; rejects when it fails. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: "inherit", ...options });
    child.on("error", reject);
    child.on("exit", (code, signal) =>
      code === 0 ? resolve() : reject(new Error(`${command} ${args.join(" ")}: ${signal ?? `exit code ${code}`}`)),
    );
  });
}

/** `npm ci`, unless node_modules is already what package-lock.json says. */
export async function installPackages() {
  const stamp = join(root, "node_modules", ".phosphene-lock");
  const wanted = digest([join(root, "package-lock.json"), join(root, ".npmrc")]);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  say("installing packages (npm ci; once, one to three minutes)");
  await run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" },
  });
  if (!existsSync(join(root, "node_modules", "node", "bin", "node")))
    throw new Error(
      "npm ci did not install Node 24 (the package node@24): are install scripts switched off in npm's configuration?",
    );
  writeFileSync(stamp, wanted);
}

/** Builds the page, unless it was built from the same sources. */
export async function buildViewer() {
  const stamp = join(root, "clients", "viewer", "dist", ".sources");
  const wanted = digest([...sources("clients/viewer"), ...sources("src/protocol"), join(root, "package-lock.json")]);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  say("building the viewer");
  await run("npm", ["run", "--silent", "build"], { env: pinnedEnvironment() });
  mkdirSync(join(stamp, ".."), { recursive: true });
  writeFileSync(stamp, wanted);
}

function sources(folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes(join("viewer", "dist")))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function digest(files) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest("hex");
}
