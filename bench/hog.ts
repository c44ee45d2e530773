// A hostile neighbour: processes that keep their cores busy and do nothing else. They end with the one who started them.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** How long a hog computes before it looks whether its parent still lives, ms. */
const CHUNK_MS = 20;

export interface Hog extends AsyncDisposable {
  readonly pids: readonly number[];
}

/** Starts `count` busy processes of ordinary priority, on no core in particular; resolves when all of them compute. */
export async function startHog(count: number): Promise<Hog> {
  const children = Array.from({ length: count }, () => fork(fileURLToPath(import.meta.url), ["--spin"]));
  await Promise.all(children.map((child) => once(child, "message")));
  return {
    pids: children.map((child) => child.pid!),
    async [Symbol.asyncDispose]() {
      await Promise.all(children.map(end));
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

/** Floating point and memory, as a numerical neighbour would: all of a core, and some of the cache. */
function spin(): void {
  process.once("disconnect", () => process.exit(0));
  const values = new Float64Array(65_536).fill(1);
  const work = () => {
    for (const end = performance.now() + CHUNK_MS; performance.now() < end; )
      for (let i = 1; i < values.length; i++) values[i] = Math.sqrt(values[i - 1]! + values[i]!);
    setImmediate(work);
  };
  process.send?.("busy");
  work();
}

if (process.argv[2] === "--spin" && process.argv[1] === fileURLToPath(import.meta.url)) spin();
