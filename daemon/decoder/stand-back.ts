import { readFileSync } from "node:fs";
import { getPriority, setPriority } from "node:os";

/** A tenth of the weight of an ordinary process. The least urgent one (19) would not come to its end on a machine that is busy with other things. */
const BEHIND = 10;
/** Linux, <linux/capability.h>. */
const CAP_SYS_NICE = 23n;

/**
 * Makes a process that has just been started less urgent than others, for as long as it loads: who decodes meanwhile goes first. Returns the nice value that it
 * is to have afterwards; null where it was left as it is, because the system would not let it come back (without a right nobody becomes more urgent).
 */
export function standBack(pid: number): number | null {
  if (process.platform !== "linux") return null;
  try {
    const nice = getPriority();
    if (!mayHave(nice)) return null;
    setPriority(pid, Math.max(nice, BEHIND));
    return nice;
  } catch {
    return null; // It has ended already, or there is no /proc.
  }
}

/** Whether this process, and one that it starts, may go back to a nice value after a greater one (getrlimit(2), RLIMIT_NICE). */
function mayHave(nice: number): boolean {
  const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
  if ((BigInt(`0x${capabilities}`) >> CAP_SYS_NICE) & 1n) return true;
  const limit = /^Max nice priority\s+(\S+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? "0";
  return limit === "unlimited" || 20 - Number(limit) <= nice;
}
