import { Worker } from "node:worker_threads";
import { Observable } from "rxjs";
import { PhospheneError } from "../../src/errors.ts";
import type { SourceConnection, SourceMessage } from "../../src/signal/types.ts";
import { type AdapterContext, defineAdapter } from "../define.ts";
import { createIntake } from "./intake.ts";
import { hrMs, type ReaderMessage, type ReaderSettings, STOP, TAKEN } from "./messages.ts";
import { type LslOptions, lslOptions } from "./options.ts";
import { summary } from "./stream.ts";

const READER = new URL("./reader.ts", import.meta.url);

/** Streams of the Lab Streaming Layer: counts, spike events or markers. liblsl is loaded, in a thread of its own, when somebody subscribes. */
export const lsl = defineAdapter<LslOptions>({
  kind: "lsl",
  options: lslOptions,
  open: (options, context) =>
    new Observable((subscriber) => {
      const shared = new SharedArrayBuffer(8);
      const control = new Int32Array(shared);
      const settings: ReaderSettings = { options, unitLabels: context.unitLabels, shared };
      const worker = new Worker(READER, { workerData: settings, name: `lsl ${context.source}` });
      const listen = createListener(options, context, (message) => subscriber.next(message));
      worker.on("message", (message: ReaderMessage) => {
        if (message.kind === "batch") Atomics.add(control, TAKEN, 1);
        if (subscriber.closed) return;
        if (message.kind === "failed") subscriber.error(new PhospheneError(message.code, message.message));
        else listen(message);
      });
      worker.on("error", (cause) => subscriber.error(cause));
      return () => {
        Atomics.store(control, STOP, 1);
        Atomics.notify(control, STOP);
      };
    }),
});

type Said = Exclude<ReaderMessage, { kind: "failed" }>;

/** Messages of the reading thread -> source messages, with times of arrival that never go back. */
function createListener(options: LslOptions, context: AdapterContext, next: (message: SourceMessage) => void) {
  const { source, now } = context;
  let [lastMs, state]: [number, SourceConnection["state"] | undefined] = [Number.NEGATIVE_INFINITY, undefined];
  const toNowMs = (atMs: number) => now() - (hrMs() - atMs);
  const arrived = (atMs: number) => {
    lastMs = Math.max(lastMs, toNowMs(atMs));
    return lastMs;
  };
  const intake = createIntake(options, context, toNowMs, next);
  const say = (to: SourceConnection["state"], detail: string, atMs: number) => {
    if (state !== to) next({ kind: "connection", source, state: to, detail, receivedAtMs: arrived(atMs) });
    else context.log("info", detail);
    state = to;
  };
  return (message: Said): void => {
    if (message.kind === "batch") intake.batch(message, arrived(message.hrMs));
    else if (message.kind === "clock") intake.clock(message.clock, arrived(message.clock.hrMs));
    else if (message.kind === "reset") intake.reset(arrived(hrMs()));
    else if (message.kind === "connected") {
      say("connected", summary(message.stream), message.hrMs);
      intake.connected(message.stream, message.clock, arrived(message.hrMs));
    } else {
      // Before the first connection a failure is one more try; after a loss the state stays `disconnected` until it is found again.
      const lost = state === "connected" || state === "disconnected";
      say(lost ? "disconnected" : "connecting", message.detail, message.hrMs);
    }
  };
}
