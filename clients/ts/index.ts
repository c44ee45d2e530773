/** Client of the Phosphene daemon, for browsers and Node. docs/clients.md shows it at work. */
import { Client } from "./client.ts";
import type { ClientOptions } from "./options.ts";

export type {
  AdaptedBody,
  EventBody,
  FrameState,
  HelloBody,
  StatusBody,
  SteeredBody,
  SwitchedBody,
  Topic,
} from "../../src/protocol/messages.ts";
export { Client, type Picture } from "./client.ts";
export { CLIENT_ERRORS, ClientError, type ClientErrorCode } from "./errors.ts";
export type { ClientEvents } from "./listen.ts";
export { type Frame, type Latents, type Message, type Messages, readMessage, type Spikes } from "./messages.ts";
export type { ClientOptions } from "./options.ts";
export type { LatestQueue } from "./queue.ts";
export type { Socket, SocketClass } from "./socket.ts";
export type { ConnectionState } from "./state.ts";
export type { Steering } from "./steering.ts";

/** Connects to the daemon at `url`, such as `http://127.0.0.1:8787`, and comes back when the connection is lost. CLIENT_PARAMETER for what cannot be an address. */
export function connect(url: string, options: ClientOptions = {}): Client {
  return new Client(url, options);
}
