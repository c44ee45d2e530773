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

  static async connect(url: string): Promise<FrameWatch> {
    const socket = new WebSocket(url, PROTOCOL);
    const watch = new FrameWatch(socket);
    await once(socket, "open");
    socket.send(encodeClient("subscribe", { topics: ["frame"] }));
    return watch;
  }

  /** Number of the newest frame; -1 before the first. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Resolves when frame `seq`, or a later one, has come. */
  async reached(seq: number): Promise<void> {
    while (this.#lastSeq < seq) {
      if (this.#problem !== null) throw new Error(`the viewer got a message that it cannot read: ${this.#problem}`);
      if (this.#socket.readyState !== WebSocket.OPEN) throw new Error("the daemon closed the viewer's connection");
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #onMessage(data: Buffer, atMs: number): void {
    const parsed = parseServerMessage(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    if (!parsed.ok) this.#problem = parsed.problem;
    else if (parsed.message.type === "frame") {
      this.#lastSeq = parsed.message.seq;
      // The same picture may come again, held: it came when it first came.
      if (!this.receivedMs.has(parsed.message.seq)) this.receivedMs.set(parsed.message.seq, atMs);
    }
    this.#wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.terminate();
    if (this.#socket.readyState !== WebSocket.CLOSED) await once(this.#socket, "close");
  }
}
