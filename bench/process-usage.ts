import { readFileSync } from "node:fs";
import { slope } from "./soak/slope.ts";

/** Clock ticks a second in /proc (USER_HZ, 100 on all Linux that Node runs on). */
const TICKS_PER_S = 100;
const MS_PER_HOUR = 3_600_000;

/** Processor time that a process used since it began, in user and kernel, all threads, s (Linux). */
export function processorS(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
}

/** Resident memory of a process, MiB (Linux). */
export function residentMiB(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) / 1024;
}

export interface Usage {
  /** Processor time, % of one core. */
  readonly processorPercent: number;
  readonly rssMiB: { readonly start: number; readonly end: number; readonly max: number };
  /** Slope of the second half of the run and its standard error; null when there are too few samples. */
  readonly rssMiBPerHour: { readonly slope: number; readonly error: number } | null;
}

/** Watches processes from outside, without asking them anything. */
export class UsageWatch {
  readonly #pid: number;
  readonly #startedMs = performance.now();
  readonly #startedS: number;
  readonly #samples: [atMs: number, mib: number][] = [];

  constructor(pid: number) {
    this.#pid = pid;
    this.#startedS = processorS(pid);
    this.sample();
  }

  /** To be called at equal intervals. A process that is gone gives no sample. */
  sample(): void {
    try {
      this.#samples.push([performance.now() - this.#startedMs, residentMiB(this.#pid)]);
    } catch {
      // It was restarted: another process has its work now.
    }
  }

  /** Until now; null when the process is gone. */
  usage(): Usage | null {
    try {
      const usedS = processorS(this.#pid) - this.#startedS;
      this.sample();
      const sizes = this.#samples.map(([, mib]) => mib);
      const seconds = (performance.now() - this.#startedMs) / 1000;
      return {
        processorPercent: (100 * usedS) / seconds,
        rssMiB: { start: sizes[0]!, end: sizes.at(-1)!, max: Math.max(...sizes) },
        rssMiBPerHour: slopeOf(this.#samples.slice(Math.floor(this.#samples.length / 2))),
      };
    } catch {
      return null;
    }
  }
}

function slopeOf(samples: readonly [number, number][]): Usage["rssMiBPerHour"] {
  if (samples.length < 10) return null;
  const { perHour, error } = slope(samples.map(([ms, mib]) => [ms / MS_PER_HOUR, mib] as const));
  return { slope: perHour, error };
}
