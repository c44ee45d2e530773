import { defer, from, Observable, switchMap } from "rxjs";
import type { Event, Observer, Subscriber as SubscriberSocket } from "zeromq";
import { PhospheneError } from "../../src/errors.ts";
import type { SourceConnection, SourceMessage } from "../../src/signal/types.ts";
import { type AdapterContext, defineAdapter } from "../define.ts";
import { keepHeartbeat } from "./heartbeat.ts";
import { createIntake } from "./intake.ts";
import { heartbeatEndpoint, type OpenEphysOptions, openEphysOptions } from "./options.ts";

/** Messages waiting in our process before the peer is pushed back: 1.6 s at 60,000/s, about 60 MB at most. */
const RECEIVE_HIGH_WATER_MARK = 100_000;
/** A peer that sends a larger frame is disconnected by ZeroMQ. A block of 1 s at 30 kHz is 120 kB. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

type ZeroMq = typeof import("zeromq");

/** Spikes and events of the Open Ephys GUI, over its ZMQ Interface plugin (unauthenticated ZeroMQ PUB). */
export const openEphys = defineAdapter<OpenEphysOptions>({
  kind: "open-ephys",
  options: openEphysOptions,
  open: (options, context) =>
    defer(() => from(import("zeromq"))).pipe(switchMap((zmq) => listen(zmq, options, context))),
});

function listen(zmq: ZeroMq, options: OpenEphysOptions, context: AdapterContext): Observable<SourceMessage> {
  return new Observable((subscriber) => {
    const stop = new AbortController();
    const socket = makeSubscriber(zmq, options);
    const intake = createIntake(options, context, (message) => subscriber.next(message));
    const failed = (cause: unknown) => subscriber.error(cause);
    const say = onChange((state, detail) => {
      intake.flush();
      if (state === "disconnected") intake.reconnecting();
      subscriber.next({ kind: "connection", source: context.source, state, detail, receivedAtMs: context.now() });
    });
    say("connecting", options.endpoint);
    // Before connecting: the monitor tells nothing of what happened before it was asked for.
    watchConnection(socket.events, options.endpoint, say).catch(failed);
    connect(socket, options.endpoint);
    drain(socket, intake, stop.signal).catch(failed);
    if (options.heartbeat) {
      const log = (message: string, fields?: Record<string, unknown>) => context.log("debug", message, fields);
      const beat = { endpoint: heartbeatEndpoint(options.endpoint), application: options.application, log };
      keepHeartbeat(() => new zmq.Request(), beat, stop.signal).catch(failed);
    }
    return () => {
      stop.abort();
      socket.close();
    };
  });
}

function makeSubscriber(zmq: ZeroMq, options: OpenEphysOptions): SubscriberSocket {
  const socket = new zmq.Subscriber({
    receiveHighWaterMark: RECEIVE_HIGH_WATER_MARK,
    maxMessageSize: MAX_MESSAGE_BYTES,
    reconnectInterval: 100,
    reconnectMaxInterval: 1_000,
    linger: 0,
  });
  socket.subscribe(options.continuous ? "" : "EVENT");
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
async function drain(socket: SubscriberSocket, intake: ReturnType<typeof createIntake>, signal: AbortSignal) {
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
  else if (event.type.startsWith("handshake:error")) say("disconnected", `${endpoint} does not answer as ZeroMQ`);
}
