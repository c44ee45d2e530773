import type { Subscriber } from "zeromq";

/** How often the peer's ZeroMQ is pinged, and how long it may take to answer, ms. */
const PING_MS = 500;
const PONG_WITHIN_MS = 1_500;

/** Options of a socket that does nothing but ask whether the peer is there. */
export const PROBE_OPTIONS = {
  heartbeatInterval: PING_MS,
  heartbeatTimeout: PONG_WITHIN_MS,
  reconnectInterval: 100,
  reconnectMaxInterval: 1_000,
  linger: 0,
} as const;

/**
 * Notices a peer whose machine or process hangs without closing: its ZeroMQ no longer answers pings. The pings go over a connection of their
 * own that subscribes to nothing, because a socket with a high-water mark and pings aborts the process when it is full (libzmq #3937).
 * Resolves when the socket is closed.
 */
export async function watchPeer(probe: Subscriber, endpoint: string, gone: () => void): Promise<void> {
  const { events } = probe;
  probe.connect(endpoint);
  for await (const { type } of events) if (type === "disconnect") gone();
}
