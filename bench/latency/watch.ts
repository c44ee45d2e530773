import { once } from "node:events";
import { WebSocket } from "ws";
import { monotonicMs } from "../../daemon/monotonic.ts";
import { encodeClient } from "../../src/protocol/encode.ts";
import { PROTOCOL } from "../../src/protocol/messages.ts";
import { parseServerMessage } from "../../src/protocol/parse.ts";

/** A viewer that notes when each frame came, before it looks at what is in it. */
export class FrameWatch implements AsyncDisposable {
  /** seq -> monotonic ms of its arrival. */
  readonly receivedMs = new Map<number, number>();
  readonly #socket: WebSocket;
  #lastSeq = -1;
  #problem: string | null = null;
  #wake: () => void = () => {};

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer) => this.#onMessage(data, monotonicMs()));
    socket.on("close", () => this.#wake());
  }

  /** With a token where the daemon asks for one. */
  static async connect(url: string, token?: string): Promise<FrameWatch> {
    const socket = new WebSocket(url, token === undefined ? PROTOCOL : [PROTOCOL, `phosphene.token.${token}`]);
    const watch = new FrameWatch(socket);
    await once(socket, "open");
    socket.send(encodeClient("subscribe", { topics: ["frame"] }));
    return watch;
  }

  /** Number of the newest frame; -1 before the first. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Resolves when frame `seq`, or a later one, has come; rejects when it has not within `limitMs`. */
  async reached(seq: number, limitMs: number): Promise<void> {
    const late = setTimeout(() => {
      this.#problem = `frame ${seq} did not come within ${limitMs} ms`;
      this.#wake();
    }, limitMs);
    try {
      while (this.#lastSeq < seq) await this.#more();
    } finally {
      clearTimeout(late);
    }
  }

  /** Resolves after `ms`; rejects at once when the connection ends or a message cannot be read. */
  async stays(ms: number): Promise<void> {
    let over = false;
    const timer = setTimeout(() => {
      over = true;
      this.#wake();
    }, ms);
    try {
      while (!over) await this.#more();
    } finally {
      clearTimeout(timer);
    }
  }

  async #more(): Promise<void> {
    if (this.#problem !== null) throw new Error(`the viewer: ${this.#problem}`);
    if (this.#socket.readyState !== WebSocket.OPEN) throw new Error("the daemon closed the viewer's connection");
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  #onMessage(data: Buffer, atMs: number): void {
    const parsed = parseServerMessage(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    if (!parsed.ok) this.#problem = parsed.problem;
    else if (parsed.message.type === "frame") {
      this.#lastSeq = parsed.message.seq;
      this.receivedMs.set(parsed.message.seq, atMs);
    }
    this.#wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.terminate();
    if (this.#socket.readyState !== WebSocket.CLOSED) await once(this.#socket, "close");
  }
}
