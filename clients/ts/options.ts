import type { Topic } from "../../src/protocol/messages.ts";
import { failure } from "./errors.ts";
import type { SocketClass } from "./socket.ts";

export interface ClientOptions {
  /** Token of a viewer or an operator (docs/security.md). */
  readonly token?: string;
  /** Subscribed to whether anybody listens or not; listening to a topic subscribes to it too. */
  readonly topics?: readonly Topic[];
  /** WebSocket class where the platform has none: `import { WebSocket } from "ws"`. */
  readonly WebSocket?: SocketClass;
  /** How long a connection, or an answer, may take, ms. */
  readonly timeoutMs?: number;
  /** Time between two pings, ms: the clock, and whether the connection lives. Three without an answer end it. */
  readonly pingMs?: number;
}

/** Times that were asked for, or 10 s for answers and 2 s between pings. CLIENT_PARAMETER unless positive. */
export function timesOf({ timeoutMs = 10_000, pingMs = 2000 }: ClientOptions) {
  for (const [name, value] of Object.entries({ timeoutMs, pingMs }))
    if (!(value > 0)) throw failure("CLIENT_PARAMETER", `${name}: expected more than 0 ms, got ${value}`);
  return { timeoutMs, pingMs };
}
