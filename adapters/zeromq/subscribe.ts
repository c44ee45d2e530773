import { defer, from, Observable, switchMap } from "rxjs";
import type { Event, Observer, Request, Subscriber as SubscriberSocket } from "zeromq";
import { PhospheneError } from "../../src/errors.ts";
import type { SourceConnection, SourceMessage } from "../../src/signal/types.ts";
import type { AdapterContext } from "../define.ts";
import { type CurveOptions, curveClient } from "./curve.ts";

/** Messages waiting in our process before the peer is pushed back: 1.6 s at 60,000/s, about 60 MB at most. */
const RECEIVE_HIGH_WATER_MARK = 100_000;
/** A peer that sends a larger frame is disconnected by ZeroMQ. A block of 1 s at 30 kHz is 120 kB a channel. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
/** A peer whose machine or process hangs without closing is noticed after this long: ZeroMQ's own ping, which its threads answer. */
const PING_MS = 500;
const PONG_WITHIN_MS = 1_500;

type ZeroMq = typeof import("zeromq");

/** Turns multipart messages into source messages; counts what it cannot use. No I/O: a socket feeds and flushes it. */
export interface Intake {
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
    switchMap((zmq) => listen(zmq, options, context, makeIntake, companion)),
  );
}

function listen(
  zmq: ZeroMq,
  options: SubscribeOptions,
  { source, now }: AdapterContext,
  makeIntake: (emit: (message: SourceMessage) => void) => Intake,
  companion: Companion | undefined,
): Observable<SourceMessage> {
  return new Observable((subscriber) => {
    const stop = new AbortController();
    const security = curveClient(options.curve, zmq.capability);
    const socket = makeSubscriber(zmq, options.topic, security);
    const intake = makeIntake((message) => subscriber.next(message));
    const failed = (cause: unknown) => subscriber.error(cause);
    const say = onChange((state, detail) => {
      intake.flush();
      if (state === "disconnected") intake.reconnecting();
      subscriber.next({ kind: "connection", source, state, detail, receivedAtMs: now() });
    });
    say("connecting", options.endpoint);
    // Before connecting: the monitor tells nothing of what happened before it was asked for.
    watchConnection(socket.events, options.endpoint, say).catch(failed);
    connect(socket, options.endpoint);
    drain(socket, intake, stop.signal).catch(failed);
    companion?.(() => new zmq.Request(security), stop.signal).catch(failed);
    return () => {
      stop.abort();
      socket.close();
    };
  });
}

function makeSubscriber(zmq: ZeroMq, topic: string, security: ReturnType<typeof curveClient>): SubscriberSocket {
  const socket = new zmq.Subscriber({
    receiveHighWaterMark: RECEIVE_HIGH_WATER_MARK,
    maxMessageSize: MAX_MESSAGE_BYTES,
    reconnectInterval: 100,
    reconnectMaxInterval: 1_000,
    heartbeatInterval: PING_MS,
    heartbeatTimeout: PONG_WITHIN_MS,
    linger: 0,
    ...security,
  });
  socket.subscribe(topic);
  return socket;
}

function connect(socket: SubscriberSocket, endpoint: string): void {
  try {
    socket.connect(endpoint);
  } catch (cause) {
    socket.close();
    throw new PhospheneError("CONFIG_INVALID", `endpoint: expected an address to connect to, got ${endpoint}`, {
      cause,
    });
  }
}

/** Every message of a turn of the event loop is read before one flush: setImmediate runs after the socket was drained. */
async function drain(socket: SubscriberSocket, intake: Intake, signal: AbortSignal) {
  let scheduled: NodeJS.Immediate | undefined;
  signal.addEventListener("abort", () => clearImmediate(scheduled), { once: true });
  for await (const frames of socket) {
    if (signal.aborted) return;
    intake.push(frames);
    scheduled ??= setImmediate(() => {
      scheduled = undefined;
      intake.flush();
    });
  }
}

type Say = (state: SourceConnection["state"], detail: string) => void;

function onChange(say: Say): Say {
  let last: SourceConnection["state"] | undefined;
  return (state, detail) => {
    if (state !== last) say(state, detail);
    last = state;
  };
}

async function watchConnection(events: Observer, endpoint: string, say: Say): Promise<void> {
  for await (const event of events) tell(event, endpoint, say);
}

// Connected is said after the ZeroMQ handshake: something else may listen on the port.
function tell(event: Event, endpoint: string, say: Say): void {
  if (event.type === "handshake") say("connected", endpoint);
  else if (event.type === "disconnect") say("disconnected", `${endpoint} closed the connection, trying again`);
  else if (event.type === "handshake:error:auth") say("disconnected", `${endpoint} does not accept our CURVE key`);
  else if (event.type.startsWith("handshake:error"))
    say("disconnected", `${endpoint} does not answer as ZeroMQ with the same security`);
}
