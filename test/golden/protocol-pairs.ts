import { encodeClient, encodeServer } from "../../src/protocol/encode.ts";
import type { ClientBodies, ServerBodies } from "../../src/protocol/messages.ts";
import { CLIENT, SERVER } from "./protocol-messages.ts";

/** A message as bytes and as JSON; `name` is the file name without its ending. */
export interface Pair {
  name: string;
  bytes: Uint8Array;
  json: string;
}

/** Every pair of test/golden/protocol, made from the messages. */
export function makePairs(): Pair[] {
  return [...keysOf<ServerBodies>(SERVER).map(serverPair), ...keysOf<ClientBodies>(CLIENT).map(clientPair)];
}

/** JSON of a message: `bin` values become `{ "$bin": base64 }`. */
export function toJson(message: object): string {
  const replace = (_: string, value: unknown) =>
    value instanceof Uint8Array ? { $bin: Buffer.from(value).toString("base64") } : value;
  return `${JSON.stringify(message, replace, 2)}\n`;
}

function serverPair<T extends keyof ServerBodies>(type: T): Pair {
  return { name: `server-${type}`, bytes: encodeServer(type, SERVER[type]), json: toJson({ type, ...SERVER[type] }) };
}

function clientPair<T extends keyof ClientBodies>(type: T): Pair {
  return { name: `client-${type}`, bytes: encodeClient(type, CLIENT[type]), json: toJson({ type, ...CLIENT[type] }) };
}

function keysOf<T extends object>(bodies: T): (keyof T & string)[] {
  const keys: (keyof T & string)[] = [];
  for (const key in bodies) keys.push(key);
  return keys;
}
