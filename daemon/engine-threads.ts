import { readdirSync, readFileSync } from "node:fs";
import { functionNamed, openLibrary } from "./decoder/ort/native.ts";

/** As V8's platform names the threads that compile and collect. */
const ENGINE_THREAD = "V8Worker";
/** Linux, <sched.h>: like ordinary scheduling, but waking up never takes the processor from who has it. */
const SCHED_BATCH = 3;
const SCHED_OTHER = 0;

/**
 * Keeps the engine's own threads from interrupting the thread that they work for: woken in the middle of a frame, a compiler of V8 takes the core of the
 * event loop for a slice of 2 to 3 ms (docs/decisions.md, D-041). Not lower priority: collecting is waited for. Returns how many threads it was; 0 where there are none to find
 * or the system does not allow it, which costs nothing but the old tail. Threads of another policy (real time) are left alone.
 */
export function deferEngineThreads(): number {
  if (process.platform !== "linux") return 0;
  try {
    return engineThreads().filter(deferring()).length;
  } catch {
    return 0; // Another C library, or no /proc.
  }
}

/** Defers a thread of ordinary scheduling; false when it was left as it is. */
function deferring(): (thread: number) => boolean {
  const libc = openLibrary("libc.so.6");
  const policyOf = functionNamed(libc, "sched_getscheduler", "i", "i");
  const setPolicy = functionNamed(libc, "sched_setscheduler", "i", "iip");
  const parameter = new Int32Array(1);
  return (thread) =>
    Number(policyOf(thread)) === SCHED_OTHER && Number(setPolicy(thread, SCHED_BATCH, parameter)) === 0;
}

function engineThreads(): number[] {
  return readdirSync("/proc/self/task").flatMap((thread) => (nameOf(thread) === ENGINE_THREAD ? [Number(thread)] : []));
}

function nameOf(thread: string): string {
  try {
    return readFileSync(`/proc/self/task/${thread}/comm`, "utf8").trim();
  } catch {
    return ""; // It has ended meanwhile.
  }
}
