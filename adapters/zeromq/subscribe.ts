import { defer, from, Observable, switchMap } from "rxjs";
import type { Request } from "zeromq";
import type { SourceConnection, SourceMessage } from "../../src/signal/types.ts";
import type { AdapterContext } from "../define.ts";
import { type CurveOptions, curveClient } from "./curve.ts";
import { nativeSubscriber } from "./native-subscriber.ts";
import { tcpSubscriber } from "./tcp-subscriber.ts";
import type { Transport } from "./transport.ts";

/** 384 channels of a block of 0.3 s at 30 kHz in one message. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** Turns multipart messages into source messages; counts what it cannot use. No I/O: a transport feeds and flushes it. */
export interface Intake {
  /** The frames are borrowed. */
  push(frames: readonly Uint8Array[]): void;
  /** Emits what was gathered since the last flush. */
  flush(): void;
  /** The connection was lost: numbers may start again without that being a repetition. */
  reconnecting(): void;
}

export interface SubscribeOptions {
  readonly endpoint: string;
  /** Prefix of the messages that we want; all with "". */
  readonly topic: string;
  readonly curve?: CurveOptions;
}

/** Something that runs beside the subscription, on a socket of its own, until the signal aborts. */
export type Companion = (open: () => Request, signal: AbortSignal) => Promise<void>;

/** A cold observable of what `makeIntake` makes of a ZeroMQ publisher's messages. The only import of the native package. */
export function subscribeTo(
  options: SubscribeOptions,
  context: AdapterContext,
  makeIntake: (emit: (message: SourceMessage) => void) => Intake,
  companion?: Companion,
): Observable<SourceMessage> {
  return defer(() => from(import("zeromq"))).pipe(
    switchMap((zmq) => {
      const security = curveClient(options.curve, zmq.capability);
      const transport = options.curve === undefined ? tcpSubscriber : nativeSubscriber(zmq, security);
      const accompany = (signal: AbortSignal) => companion?.(() => new zmq.Request(security), signal);
      return listen(transport, options, context, makeIntake, accompany);
    }),
  );
}

function listen(
  transport: Transport,
  { endpoint, topic }: SubscribeOptions,
  { source, now }: AdapterContext,
  makeIntake: (emit: (message: SourceMessage) => void) => Intake,
  accompany: (signal: AbortSignal) => Promise<void> | undefined,
): Observable<SourceMessage> {
  return new Observable((subscriber) => {
    const stop = new AbortController();
    const intake = makeIntake((message) => subscriber.next(message));
    const failed = (cause: unknown) => subscriber.error(cause);
    const state = onChange((next, detail) => {
      intake.flush();
      if (next === "disconnected") intake.reconnecting();
      subscriber.next({ kind: "connection", source, state: next, detail, receivedAtMs: now() });
    });
    state("connecting", endpoint);
    const options = { endpoint, topic, maxMessageBytes: MAX_MESSAGE_BYTES };
    const message = (frames: readonly Uint8Array[]) => intake.push(frames);
    const close = transport(options, { message, turn: () => intake.flush(), state, failed });
    accompany(stop.signal)?.catch(failed);
    return () => {
      stop.abort();
      close();
    };
  });
}

type Say = (state: SourceConnection["state"], detail: string) => void;

function onChange(say: Say): Say {
  let last: SourceConnection["state"] | undefined;
  return (state, detail) => {
    if (state === last) return;
    last = state;
    say(state, detail);
  };
}
