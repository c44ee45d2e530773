import { readdirSync, readFileSync } from "node:fs";
import { constants, getPriority } from "node:os";
import { PhospheneError } from "../src/errors.ts";
import { type Argument, functionNamed, lastError, openLibrary } from "./decoder/ort/native.ts";

/** Where and how urgently a process runs; null leaves it as it is. */
export interface Placement {
  readonly cores: readonly number[] | null;
  /** -20 (most urgent) to 19. */
  readonly nice: number | null;
  /** Priority 1 to 99 of SCHED_FIFO: before everything else that is not real-time; 0 for ordinary scheduling. */
  readonly realtime: number | null;
}

// Linux, as <sched.h> and <sys/resource.h> number them.
const SCHED_OTHER = 0;
const SCHED_FIFO = 1;
const PRIO_PROCESS = 0;
const MASK_BYTES = 128;

const RIGHTS = "run as root, or allow it to this user or to node (docs/deadline.md)";

/**
 * Places all threads of this process; threads and processes that it starts later are placed alike. Throws PROCESS_REFUSED, with `path` of the
 * configuration, when the operating system refuses; what was placed before the refusal stays.
 */
export function place({ cores, nice, realtime }: Placement, path: string): void {
  if (cores === null && nice === null && realtime === null) return;
  if (process.platform !== "linux") throw refused(`${path}: expected Linux, got ${process.platform}`);
  if (cores !== null) placeOnCores(cores, `${path}.cores`);
  if (nice !== null) everyThread("setpriority", "iii", (thread) => [PRIO_PROCESS, thread, nice], `${path}.nice`, nice);
  if (realtime === null) return;
  const parameter = Int32Array.of(realtime);
  const policy = realtime === 0 ? SCHED_OTHER : SCHED_FIFO;
  everyThread("sched_setscheduler", "iip", (thread) => [thread, policy, parameter], `${path}.realtime`, realtime);
}

/** What this process may run on, ascending, and its nice value. */
export function placementNow(): { cores: number[]; nice: number } {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "";
  const cores = list.split(",").flatMap((range) => {
    const [first, last = first] = range.split("-").map(Number);
    return Array.from({ length: last! - first! + 1 }, (_, i) => first! + i);
  });
  return { cores, nice: getPriority() };
}

function placeOnCores(cores: readonly number[], path: string): void {
  const before = placementNow().cores;
  const mask = new Uint8Array(MASK_BYTES);
  for (const core of cores) mask[core >> 3]! |= 1 << (core & 7);
  everyThread("sched_setaffinity", "inp", (thread) => [thread, MASK_BYTES, mask], path, cores.join(", "));
  // Linux leaves out, silently, what it does not have or does not give.
  const missing = cores.filter((core) => !placementNow().cores.includes(core));
  if (missing.length === 0) return;
  throw refused(
    `${path}: expected some of the cores that this process may use, ${before.join(", ")}; got ${missing.join(", ")} too`,
  );
}

function everyThread(
  name: string,
  letters: string,
  values: (thread: number) => Argument[],
  path: string,
  wanted: number | string,
): void {
  const call = functionNamed(openLibrary("libc.so.6"), name, "i", letters);
  for (const thread of readdirSync("/proc/self/task"))
    if (Number(call(...values(Number(thread)))) !== 0) {
      const number = lastError();
      const { ESRCH, EINVAL } = constants.errno;
      // A thread that has ended meanwhile.
      if (number === ESRCH) continue;
      const code = Object.entries(constants.errno).find(([, value]) => value === number)?.[0] ?? `error ${number}`;
      const advice = number === EINVAL ? `this process may use cores ${placementNow().cores.join(", ")}` : RIGHTS;
      throw refused(`${path}: expected the operating system to allow ${wanted}, got ${code}: ${advice}`);
    }
}

function refused(message: string): PhospheneError {
  return new PhospheneError("PROCESS_REFUSED", message);
}
