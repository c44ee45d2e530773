import type { Logger } from "pino";
import type { Liveness } from "../src/ops/liveness.ts";
import type { BacklogChange } from "../src/signal/backlog.ts";
import type { DecoderState } from "./decoder/host.ts";
import type { Way } from "./decoder/providers.ts";
import type { EventBook } from "./event-book.ts";
import { daemonEvent } from "./events.ts";
import type { PhospheneServer } from "./server/index.ts";

/** What it takes to say something to the log and to the viewers. */
export interface Announcer {
  readonly log: Logger;
  readonly now: () => number;
  readonly events: EventBook;
  readonly server: PhospheneServer | null;
}

/** An event of the daemon itself, to everybody who listens. */
export function tell({ server, events, now }: Omit<Announcer, "log">, text: string): void {
  const atMs = now();
  server?.publishEvent(events.enter(daemonEvent(text, atMs), atMs));
}

export function sayDecoder(to: Announcer, state: DecoderState, detail: string): void {
  to.log[state === "ready" ? "info" : "warn"](`decoder ${state}: ${detail}`);
  tell(to, `decoder ${state}`);
}

/** Frames come from another provider from now on: slower, and with other last bits. */
export function sayFallback(to: Announcer, { provider, runner }: Way, reason: string): void {
  to.log.error(`decoder falls back to ${provider} (${runner}): ${reason}`);
  tell(to, `decoder falls back to ${provider} (${runner})`);
}

/** Decoding goes on without it, but nobody shall believe that it is recorded. */
export function sayRecordingStopped(to: Announcer, detail: string): void {
  to.log.error(`recording stopped: ${detail}`);
  tell(to, `recording stopped: ${detail}`);
}

export function sayLiveness(to: Announcer, who: string, state: Liveness): void {
  to.log[state === "live" ? "info" : "warn"](`${who} ${state}`);
  tell(to, `${who} ${state}`);
}

/** More comes than is taken, or what comes has waited elsewhere; and its end. */
export function sayBacklog(to: Announcer, who: string, change: BacklogChange): void {
  const { overloaded, ageMs, sinceMs } = change;
  const state = overloaded ? "overloaded" : "caught up";
  const detail = overloaded
    ? `what arrives is ${ageMs.toFixed(0)} ms old`
    : `after ${(to.now() - sinceMs).toFixed(0)} ms, ${change.worstMs.toFixed(0)} ms old at worst`;
  to.log[overloaded ? "warn" : "info"](`${who} ${state}: ${detail}`);
  tell(to, `${who} ${state}`);
}
