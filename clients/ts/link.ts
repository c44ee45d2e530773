import { backoffMs } from "./backoff.ts";
import { type ClientError, failure } from "./errors.ts";
import type { Socket, SocketClass } from "./socket.ts";

const OPEN = 1;
/** A socket that takes no more has lost its peer, or is asked too much. */
const MAX_UNSENT_BYTES = 1_048_576;

export interface LinkOptions {
  readonly url: string;
  readonly protocols: string[];
  readonly WebSocket: SocketClass;
  /** Asked when a connection did not come about: whether it never will. */
  readonly isRefused: () => Promise<boolean>;
  /** A connection that has come to nothing by then is given up, ms. */
  readonly timeoutMs: number;
}

export interface LinkHandlers {
  connecting(attempt: number): void;
  received(bytes: Uint8Array): void;
  /** The connection is gone; the next attempt is in `retryInMs`. */
  down(attempt: number, retryInMs: number): void;
  refused(): void;
}

/** A WebSocket that comes back by itself, until it is stopped or refused. */
export class Link {
  readonly #options: LinkOptions;
  readonly #handlers: LinkHandlers;
  #socket: Socket | null = null;
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: LinkOptions, handlers: LinkHandlers) {
    this.#options = options;
    this.#handlers = handlers;
  }

  start(): void {
    const { url, protocols, WebSocket, timeoutMs } = this.#options;
    this.#handlers.connecting(this.#attempt);
    const socket = new WebSocket(url, protocols);
    let opened = false;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => {
      opened = true;
    });
    socket.addEventListener("message", (event) => {
      const data = "data" in event ? event.data : null;
      if (socket === this.#socket && data instanceof ArrayBuffer) this.#handlers.received(new Uint8Array(data));
    });
    // `ws` throws errors that nobody listens to; what matters is the close that follows.
    socket.addEventListener("error", () => {});
    socket.addEventListener("close", () => (opened ? this.#retry(socket) : void this.#ask(socket)));
    this.#socket = socket;
    this.#timer = setTimeout(() => this.abandon(), timeoutMs);
  }

  /** The daemon has said hello: the next failure starts from the shortest delay. */
  settled(): void {
    clearTimeout(this.#timer);
    this.#attempt = 0;
  }

  /** Gives up a socket that answers nothing, and goes on as if it had closed. */
  abandon(): void {
    const socket = this.#socket;
    if (socket === null) return;
    this.#retry(socket);
    socket.close();
  }

  /** Null, or why it could not be sent: CLIENT_OFFLINE, CLIENT_BUSY. Nothing is kept for later. */
  send(bytes: Uint8Array): ClientError | null {
    const socket = this.#socket;
    if (socket?.readyState !== OPEN) return failure("CLIENT_OFFLINE", "there is no connection to the daemon now");
    if (socket.bufferedAmount > MAX_UNSENT_BYTES) return failure("CLIENT_BUSY", "the connection takes no more now");
    socket.send(new Uint8Array(bytes));
    return null;
  }

  stop(): void {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  async #ask(socket: Socket): Promise<void> {
    const refused = await this.#options.isRefused();
    if (!refused || socket !== this.#socket) return this.#retry(socket);
    this.stop();
    this.#handlers.refused();
  }

  #retry(socket: Socket): void {
    if (socket !== this.#socket) return;
    this.#socket = null;
    clearTimeout(this.#timer);
    const delayMs = backoffMs(this.#attempt++, Math.random());
    this.#timer = setTimeout(() => this.start(), delayMs);
    this.#handlers.down(this.#attempt, delayMs);
  }
}
