import { encodeClient } from "../../../src/protocol/encode.ts";
import type { ClientBodies } from "../../../src/protocol/messages.ts";
import { backoffMs } from "./backoff.ts";

export interface LinkHandlers {
  connecting(): void;
  opened(): void;
  received(bytes: Uint8Array): void;
  /** The socket is down; the next attempt is at `retryAtMs` (page clock). */
  down(attempt: number, retryAtMs: number): void;
  /** Asked when a socket did not open: true when trying again is no use before a token is given. */
  refused(): Promise<boolean>;
  /** No attempt will be made before `start`. */
  locked(): void;
}

/** A WebSocket that comes back by itself until it is stopped or wants a token. */
export class Link {
  readonly #url: string;
  readonly #protocols: () => string[];
  readonly #handlers: LinkHandlers;
  #socket: WebSocket | null = null;
  #attempt = 0;
  #timer = 0;

  constructor(url: string, protocols: () => string[], handlers: LinkHandlers) {
    this.#url = url;
    this.#protocols = protocols;
    this.#handlers = handlers;
  }

  start(): void {
    clearTimeout(this.#timer);
    this.#handlers.connecting();
    const socket = new WebSocket(this.#url, this.#protocols());
    socket.binaryType = "arraybuffer";
    let opened = false;
    socket.onopen = () => {
      opened = true;
      this.#handlers.opened();
    };
    socket.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) this.#handlers.received(new Uint8Array(data));
    };
    socket.onclose = () => (opened ? this.#retry(socket) : this.#ask(socket));
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

  async #ask(socket: WebSocket): Promise<void> {
    const refused = await this.#handlers.refused();
    if (!refused || socket !== this.#socket) return this.#retry(socket);
    this.#socket = null;
    this.#handlers.locked();
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
