import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { killGroup, spawnChild } from "../../test/leftovers.ts";

export interface Program extends AsyncDisposable {
  readonly pid: number;
  /** Resolves with the first match in what the program wrote; rejects with all of it when the program ends first. */
  saw(pattern: RegExp): Promise<RegExpExecArray>;
}

export function start(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Program {
  const child = spawnChild(command, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let ended = false;
  let changed = () => {};
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      changed();
    });
  const end = new Promise<void>((resolve) => {
    child.once("error", (error) => {
      output += error.message;
      resolve();
    });
    child.once("close", () => resolve());
  }).then(() => {
    ended = true;
    changed();
  });
  return {
    pid: child.pid ?? -1,
    async saw(pattern) {
      for (;;) {
        const match = pattern.exec(output);
        if (match !== null) return match;
        if (ended) throw new Error(`${command} ${args.join(" ")} ended without ${pattern}:\n${output}`);
        await new Promise<void>((resolve) => {
          changed = resolve;
        });
      }
    },
    async [Symbol.asyncDispose]() {
      for (const pid of descendants(child.pid ?? -1)) kill(pid);
      killGroup(child);
      await end;
    },
  };
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended meanwhile.
  }
}

/** Processor time of a process and all that it started, s; Linux. */
export function cpuSeconds(pid: number): number {
  const ticks = [pid, ...descendants(pid)].reduce((sum, each) => {
    const fields = statOf(each);
    return fields === null ? sum : sum + Number(fields[11]) + Number(fields[12]);
  }, 0);
  return ticks / TICKS_PER_S;
}

const TICKS_PER_S = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

function descendants(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const parent = Number(statOf(pid)?.[1]);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const below = (pid: number): number[] => (children.get(pid) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(root);
}

/** Fields of /proc/PID/stat from the state on: 1 is the parent, 11 and 12 are user and system time. */
function statOf(pid: number): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
}
