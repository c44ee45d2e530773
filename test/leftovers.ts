import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";

/** Under vitest every child leads a process group, so that what it started dies with it. Elsewhere (bench) Ctrl-C must reach them all. */
const groups = process.env.VITEST !== undefined;
const children = new Set<ChildProcess>();

/** `spawn` for tests: what is still there when the file of tests is through, because one of them timed out, is killed with all that it started. */
export function spawnChild(command: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const child = spawn(command, args, { ...options, detached: groups });
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
}

/** Kills a child and what it started. */
export function killGroup(child: ChildProcess): void {
  if (!groups || child.pid === undefined) return void child.kill("SIGKILL");
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // Nobody of the group is left.
  }
}

/** For the end of a file of tests. */
export function killLeftovers(): void {
  for (const child of children) killGroup(child);
}
process.once("exit", killLeftovers);
