import type { Logger } from "pino";
import type { Liveness } from "../src/ops/liveness.ts";
import type { BacklogChange } from "../src/signal/backlog.ts";
import type { DecoderState } from "./decoder/host.ts";
import type { Way } from "./decoder/providers.ts";
import { daemonEvent } from "./events.ts";
import type { PhospheneServer } from "./server/index.ts";

/** What it takes to say something to the log and to the viewers. */
export interface Announcer {
  readonly log: Logger;
  readonly now: () => number;
  readonly server: PhospheneServer | null;
}

export function sayDecoder({ server, log, now }: Announcer, state: DecoderState, detail: string): void {
  log[state === "ready" ? "info" : "warn"](`decoder ${state}: ${detail}`);
  server?.publishEvent(daemonEvent(`decoder ${state}`, now()));
}

/** Frames come from another provider from now on: slower, and with other last bits. */
export function sayFallback({ server, log, now }: Announcer, { provider, runner }: Way, reason: string): void {
  log.error(`decoder falls back to ${provider} (${runner}): ${reason}`);
  server?.publishEvent(daemonEvent(`decoder falls back to ${provider} (${runner})`, now()));
}

/** Decoding goes on without it, but nobody shall believe that it is recorded. */
export function sayRecordingStopped({ server, log, now }: Announcer, detail: string): void {
  log.error(`recording stopped: ${detail}`);
  server?.publishEvent(daemonEvent(`recording stopped: ${detail}`, now()));
}

export function sayLiveness({ server, log, now }: Announcer, who: string, state: Liveness): void {
  log[state === "live" ? "info" : "warn"](`${who} ${state}`);
  server?.publishEvent(daemonEvent(`${who} ${state}`, now()));
}

/** More comes than is taken, or what comes has waited elsewhere; and its end. */
export function sayBacklog({ server, log, now }: Announcer, who: string, change: BacklogChange): void {
  const { overloaded, ageMs, sinceMs } = change;
  const state = overloaded ? "overloaded" : "caught up";
  const detail = overloaded
    ? `what arrives is ${ageMs.toFixed(0)} ms old`
    : `after ${(now() - sinceMs).toFixed(0)} ms, ${change.worstMs.toFixed(0)} ms old at worst`;
  log[overloaded ? "warn" : "info"](`${who} ${state}: ${detail}`);
  server?.publishEvent(daemonEvent(`${who} ${state}`, now()));
}
