import { failure } from "./errors.ts";

/** The part of a WebSocket that is used: of a browser, of Node 22 and later, of the package `ws`. */
export interface Socket {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  send(bytes: Uint8Array<ArrayBuffer>): void;
  close(): void;
  addEventListener(type: "open" | "message" | "close" | "error", listener: (event: object) => void): void;
}
export type SocketClass = new (url: string, protocols: string[]) => Socket;

/** The class that was given, or the platform's own. CLIENT_PARAMETER where there is neither. */
export function socketClass(given: SocketClass | undefined): SocketClass {
  const found = given ?? (globalThis.WebSocket as SocketClass | undefined);
  if (found !== undefined) return found;
  throw failure("CLIENT_PARAMETER", "WebSocket: expected the class as an option: this platform has none of its own");
}
