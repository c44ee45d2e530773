import { monotonicMs } from "../monotonic.ts";
import type { Check } from "./checks.ts";

const READS = 20_000;
const TICKS = 100;
const COARSE_MS = 0.1;
const LATE_MS = 20;

/** How fine this machine's clock is, and how late it lets a program run: both end up in every time that we state. */
export async function checkClock(now: () => number = monotonicMs): Promise<Check> {
  const name = "clock";
  const stepMs = smallestStep(now);
  const lateMs = await latestTick(now);
  const detail = `monotonic, steps of ${(stepMs * 1e6).toFixed(0)} ns; a timer of 1 ms was at most ${lateMs.toFixed(1)} ms late`;
  if (!(stepMs > 0 && stepMs <= COARSE_MS))
    return {
      state: "fail",
      name,
      detail,
      mend: "choose a finer clock source of the system (on Linux tsc: see clocksource)",
    };
  if (lateMs <= LATE_MS) return { state: "ok", name, detail };
  return {
    state: "warn",
    name,
    detail,
    mend: "the machine is busy or saves power: close other programs, use its fastest governor",
  };
}

/** Smallest difference between two readings, ms; NaN when it went back or stood still. */
function smallestStep(now: () => number): number {
  let smallest = Number.POSITIVE_INFINITY;
  let last = now();
  for (let read = 0; read < READS; read++) {
    const at = now();
    if (at < last) return Number.NaN;
    if (at > last) smallest = Math.min(smallest, at - last);
    last = at;
  }
  return Number.isFinite(smallest) ? smallest : Number.NaN;
}

async function latestTick(now: () => number): Promise<number> {
  let latest = 0;
  for (let tick = 0; tick < TICKS; tick++) {
    const before = now();
    await new Promise((resolve) => setTimeout(resolve, 1));
    latest = Math.max(latest, now() - before - 1);
  }
  return latest;
}
