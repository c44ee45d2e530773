import type { Request } from "zeromq";
import { TooLate, Unanswered } from "../../src/outputs/wire.ts";
import type { ZeroMq } from "./native-subscriber.ts";

export interface RequesterOptions {
  readonly endpoint: string;
  /** So long is waited for a connection and for an answer. */
  readonly replyMs: number;
  readonly now: () => number;
}

export interface Answer {
  readonly handedMs: number;
  readonly text: string;
}

/** Connects in the background, at once; the native package is loaded now. Errors: an address that ZeroMQ does not take. */
export async function openRequester(options: RequesterOptions): Promise<Requester> {
  return new Requester(await import("zeromq"), options);
}

/**
 * Requests in text, one after another, by lazy pirate: a REQ socket whose answer does not come can never ask again and is replaced.
 * Nothing is queued inside of ZeroMQ: what no peer takes stays here, where its deadline is known.
 */
export class Requester {
  readonly #zmq: ZeroMq;
  readonly #options: RequesterOptions;
  #socket: Request | null = null;
  #tail: Promise<unknown> = Promise.resolve();
  #unanswered = 0;
  #closed = false;
  #state: "connecting" | "connected" | "silent" = "connecting";

  constructor(zmq: ZeroMq, options: RequesterOptions) {
    this.#zmq = zmq;
    this.#options = options;
    this.#open();
  }

  get state(): "connecting" | "connected" | "silent" {
    return this.#state;
  }

  /** Asks when those before it were answered or given up; rejects with TooLate when that is after `untilMs`, with Unanswered when no answer came. */
  request(text: string, untilMs: number): Promise<Answer> {
    // With nobody before it, at once: a turn later the viewers would be written to first.
    const answer =
      this.#unanswered === 0 ? this.#exchange(text, untilMs) : this.#tail.then(() => this.#exchange(text, untilMs));
    this.#unanswered++;
    this.#tail = answer.then(
      () => this.#unanswered--,
      () => this.#unanswered--,
    );
    return answer;
  }

  close(): void {
    this.#closed = true;
    this.#drop();
  }

  async #exchange(text: string, untilMs: number): Promise<Answer> {
    if (this.#closed) throw new Error("closed");
    const { now, replyMs } = this.#options;
    const socket = this.#socket ?? this.#open();
    const leftMs = untilMs - now();
    if (leftMs <= 0) throw new TooLate("others were not answered in time");
    socket.sendTimeout = Math.ceil(Math.min(leftMs, replyMs));
    try {
      await socket.send(text);
    } catch (cause) {
      if (leftMs <= replyMs) throw new TooLate("no peer before the deadline", { cause });
      throw new Error(`no peer at ${this.#options.endpoint}`, { cause });
    }
    const handedMs = now();
    try {
      const [reply] = await socket.receive();
      this.#state = "connected";
      return { handedMs, text: String(reply) };
    } catch (cause) {
      this.#drop();
      this.#state = "silent";
      throw new Unanswered(`no answer within ${replyMs} ms`, { cause });
    }
  }

  #open(): Request {
    const { endpoint, replyMs } = this.#options;
    const timing = { receiveTimeout: replyMs, reconnectInterval: 100, reconnectMaxInterval: 1_000 };
    const socket = new this.#zmq.Request({ ...timing, linger: 0, immediate: true, maxMessageSize: 65_536 });
    this.#socket = socket;
    this.#watch(socket).catch(() => {});
    socket.connect(endpoint);
    return socket;
  }

  /** The state follows the connection; the socket's end is the end of its events. */
  async #watch(socket: Request): Promise<void> {
    for await (const { type } of socket.events) {
      if (socket !== this.#socket) return;
      if (type === "handshake") this.#state = "connected";
      if (type === "disconnect") this.#state = "connecting";
    }
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }
}
