import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { pinnedEnvironment, root, say } from "./install.mjs";

const options = {
  recording: { type: "string" },
  bundle: { type: "string" },
  port: { type: "string" },
  "rig-port": { type: "string" },
};

/** Starts the simulated rig and the daemon, shows what they say, and stops both on Ctrl-C. Resolves with the exit code. */
export async function runDemo(args) {
  const { values } = parseArgs({ args, options });
  const bundle = values.bundle ?? (values.recording === undefined ? undefined : "runs/it-objects");
  if (bundle !== undefined && !existsSync(join(root, bundle)) && !existsSync(bundle))
    throw new Error(`${bundle} is not there: training/README.md has the command that makes it`);
  say("starting a simulated rig and the daemon");
  const rig = start("rig", rigArguments(values, bundle));
  const daemon = start("daemon", daemonArguments(values, bundle));
  return untilStopped([rig, daemon]);
}

function rigArguments(values, bundle) {
  const args = ["rig"];
  if (values["rig-port"] !== undefined) args.push("--port", values["rig-port"]);
  if (values.recording !== undefined) args.push("--recording", values.recording);
  else args.push("--session", sessionOf(bundle));
  if (isInteractive(values, bundle)) args.push("--interactive");
  return args;
}

/** A bundle without a session is for the units of the shipped one (models/demo-linear). */
function sessionOf(bundle) {
  const shipped = join(root, "models/demo/session");
  const own = bundle === undefined ? shipped : join(resolve(root, bundle), "session");
  return existsSync(own) ? own : shipped;
}

/** Shipped bundles are for the same units: whoever starts one of them can switch to the others on the page. */
function othersBeside({ recording }, bundle) {
  const models = join(root, "models");
  const shipped = readdirSync(models).map((name) => join(models, name));
  const active = resolve(root, bundle ?? "models/demo");
  if (recording !== undefined || !shipped.includes(active)) return [];
  return shipped.filter((folder) => folder !== active && existsSync(join(folder, "manifest.json")));
}

/** Whether the simulated animal answers pictures that it has not seen: the session has an encoding model. */
function isInteractive({ recording }, bundle) {
  if (recording !== undefined) return false;
  const { encoding } = JSON.parse(readFileSync(join(sessionOf(bundle), "session.json"), "utf8"));
  return encoding !== undefined;
}

function daemonArguments(values, bundle) {
  const args = ["run"];
  if (bundle !== undefined) args.push("--bundle", bundle);
  const others = othersBeside(values, bundle);
  if (others.length > 0) args.push("--offer", ...others);
  if (values.port !== undefined) args.push("--port", values.port);
  if (values["rig-port"] !== undefined) args.push("--source", `tcp://127.0.0.1:${values["rig-port"]}`);
  // The rig takes pictures on the second port after that of its data.
  const port = Number(values["rig-port"] ?? 5556) + 2;
  if (isInteractive(values, bundle)) args.push("--present", `tcp://127.0.0.1:${port}`);
  return args;
}

/** In a process group of its own, so that Ctrl-C reaches it once, through us. */
function start(name, args) {
  const child = spawn("node", ["daemon/main.ts", ...args], {
    cwd: root,
    env: pinnedEnvironment(),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on("line", (line) =>
      process.stdout.write(`${name.padEnd(6)} │ ${readable(line)}\n`),
    );
  return child;
}

/** A log line without its JSON; anything else as it is. */
function readable(line) {
  if (!line.startsWith("{")) return line;
  try {
    const { msg, level } = JSON.parse(line);
    return level >= 40 ? `warning: ${msg}` : msg;
  } catch {
    return line;
  }
}

/** When one of the two ends, the other is stopped; so it is on a signal to us. */
function untilStopped(children) {
  return new Promise((resolve) => {
    let stopped = false;
    let alive = children.length;
    let exitCode = 0;
    const stop = () => {
      for (const child of children) if (child.exitCode === null) child.kill("SIGTERM");
      setTimeout(() => children.forEach((child) => void child.kill("SIGKILL")), 5000).unref();
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
      process.on(signal, () => {
        stopped = true;
        stop();
      });
    for (const child of children)
      child.on("exit", (code) => {
        if (!stopped && code !== 0) exitCode = code ?? 1;
        alive--;
        stop();
        if (alive === 0) resolve(exitCode);
      });
  });
}
