import type { Event, Observer, Subscriber as SubscriberSocket } from "zeromq";
import { PhospheneError } from "../../src/errors.ts";
import type { CurveClient } from "./curve.ts";
import { PROBE_OPTIONS, watchPeer } from "./probe.ts";
import type { Transport, TransportHandlers } from "./transport.ts";

export type ZeroMq = typeof import("zeromq");

/** Messages waiting in our process before the peer is pushed back: 1.6 s at 60,000/s, about 60 MB at most. */
const RECEIVE_HIGH_WATER_MARK = 100_000;

/** A ZeroMQ subscriber of the native package, which can do CURVE. */
export function nativeSubscriber(zmq: ZeroMq, security: CurveClient): Transport {
  return ({ endpoint, topic, maxMessageBytes }, handlers) => {
    const stop = new AbortController();
    const socket = new zmq.Subscriber({
      receiveHighWaterMark: RECEIVE_HIGH_WATER_MARK,
      maxMessageSize: maxMessageBytes,
      reconnectInterval: 100,
      reconnectMaxInterval: 1_000,
      linger: 0,
      ...security,
    });
    socket.subscribe(topic);
    let up = false;
    const state: TransportHandlers["state"] = (now, detail) => {
      up = now === "connected";
      handlers.state(now, detail);
    };
    // Before connecting: the monitor tells nothing of what happened before it was asked for.
    watchConnection(socket.events, endpoint, state).catch(handlers.failed);
    connect(socket, endpoint);
    drain(socket, handlers, stop.signal).catch(handlers.failed);
    const probe = new zmq.Subscriber({ ...PROBE_OPTIONS, ...security });
    watchPeer(probe, endpoint, () => {
      if (stop.signal.aborted || !up) return;
      state("disconnected", `${endpoint} does not answer, trying again`);
      socket.disconnect(endpoint);
      socket.connect(endpoint);
    }).catch(handlers.failed);
    return () => {
      stop.abort();
      socket.close();
      probe.close();
    };
  };
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

/** Every message of a turn of the event loop is read before one turn is said: setImmediate runs after the socket was drained. */
async function drain(socket: SubscriberSocket, { message, turn }: TransportHandlers, signal: AbortSignal) {
  let scheduled: NodeJS.Immediate | undefined;
  signal.addEventListener("abort", () => clearImmediate(scheduled), { once: true });
  for await (const frames of socket) {
    if (signal.aborted) return;
    message(frames);
    scheduled ??= setImmediate(() => {
      scheduled = undefined;
      turn();
    });
  }
}

async function watchConnection(events: Observer, endpoint: string, say: TransportHandlers["state"]): Promise<void> {
  for await (const event of events) tell(event, endpoint, say);
}

// Connected is said after the ZeroMQ handshake: something else may listen on the port.
function tell(event: Event, endpoint: string, say: TransportHandlers["state"]): void {
  if (event.type === "handshake") say("connected", endpoint);
  else if (event.type === "disconnect") say("disconnected", `${endpoint} closed the connection, trying again`);
  else if (event.type === "handshake:error:auth") say("disconnected", `${endpoint} does not accept our CURVE key`);
  else if (event.type.startsWith("handshake:error"))
    say("disconnected", `${endpoint} does not answer as ZeroMQ with the same security`);
}
