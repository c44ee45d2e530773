import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Companion } from "../zeromq/subscribe.ts";

type Request = ReturnType<Parameters<Companion>[0]>;

const PERIOD_MS = 2_000;
/** The plugin's own example client gives up after this long. */
const PATIENCE_MS = 10_000;

export interface HeartbeatOptions {
  readonly endpoint: string;
  readonly application: string;
  readonly periodMs?: number;
  readonly patienceMs?: number;
  readonly log: (message: string, fields?: Record<string, unknown>) => void;
}

/**
 * Lazy pirate: asks every 2 s, and takes a new socket when no answer came for 10 s, because a REQ socket without an answer
 * can never ask again. Resolves once the signal aborts; never rejects: heartbeats are cosmetic, data flows without them.
 */
export async function keepHeartbeat(
  open: () => Request,
  options: HeartbeatOptions,
  signal: AbortSignal,
): Promise<void> {
  const uuid = randomUUID();
  const beat = JSON.stringify({ application: options.application, uuid, type: "heartbeat" });
  while (!signal.aborted) {
    const socket = open();
    const close = () => socket.close();
    signal.addEventListener("abort", close, { once: true });
    try {
      socket.linger = 0;
      socket.sendTimeout = socket.receiveTimeout = options.patienceMs ?? PATIENCE_MS;
      socket.connect(options.endpoint);
      while (!signal.aborted) {
        await socket.send(beat);
        await socket.receive();
        await sleep(options.periodMs ?? PERIOD_MS, undefined, { signal });
      }
    } catch (cause) {
      if (!signal.aborted) options.log("no answer to the heartbeat, taking a new socket", { cause: String(cause) });
    } finally {
      signal.removeEventListener("abort", close);
      close();
    }
  }
}
