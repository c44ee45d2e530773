import { encodeClient } from "../../../src/protocol/encode.ts";
import { type ClientBodies, PROTOCOL } from "../../../src/protocol/messages.ts";
import { backoffMs } from "./backoff.ts";

export interface LinkHandlers {
  connecting(): void;
  opened(): void;
  received(bytes: Uint8Array): void;
  /** The socket is down; the next attempt is at `retryAtMs` (page clock). */
  down(attempt: number, retryAtMs: number): void;
}

/** A WebSocket that comes back by itself until it is stopped. */
export class Link {
  readonly #url: string;
  readonly #handlers: LinkHandlers;
  #socket: WebSocket | null = null;
  #attempt = 0;
  #timer = 0;

  constructor(url: string, handlers: LinkHandlers) {
    this.#url = url;
    this.#handlers = handlers;
  }

  start(): void {
    this.#handlers.connecting();
    const socket = new WebSocket(this.#url, PROTOCOL);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#handlers.opened();
    socket.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) this.#handlers.received(new Uint8Array(data));
    };
    socket.onclose = () => this.#retry(socket);
    this.#socket = socket;
  }

  /** The daemon has greeted us: the next failure starts from the shortest delay. */
  settled(): void {
    this.#attempt = 0;
  }

  /** Gives this socket up (it answers no ping) and goes on as if it had closed. */
  abandon(): void {
    const socket = this.#socket;
    socket?.close();
    if (socket) this.#retry(socket);
  }

  /** False when the socket is not open: the message is not kept. */
  send<Type extends keyof ClientBodies>(type: Type, body: ClientBodies[Type]): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(new Uint8Array(encodeClient(type, body)));
    return true;
  }

  stop(): void {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #retry(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#socket = null;
    socket.onmessage = null;
    const delayMs = backoffMs(this.#attempt++, Math.random());
    this.#timer = window.setTimeout(() => this.start(), delayMs);
    this.#handlers.down(this.#attempt, performance.now() + delayMs);
  }
}
