import { once } from "node:events";
import { WebSocket } from "ws";
import { encodeClient } from "../../src/protocol/encode.ts";
import {
  type ClientBodies,
  PROTOCOL,
  type ServerBodies,
  type ServerMessage,
  type Topic,
} from "../../src/protocol/messages.ts";
import { parseServerMessage } from "../../src/protocol/parse.ts";

type Of<T extends keyof ServerBodies> = Extract<ServerMessage, { type: T }>;

/** A viewer for tests: collects every message, and waits for one (one wait at a time). A message that cannot be parsed fails the wait. */
export class TestViewer implements AsyncDisposable {
  readonly socket: WebSocket;
  readonly messages: ServerMessage[] = [];
  #onMessage: () => void = () => {};
  #problem: string | null = null;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data: Buffer) => {
      const parsed = parseServerMessage(new Uint8Array(data));
      if (parsed.ok) this.messages.push(parsed.message);
      else this.#problem = parsed.problem;
      this.#onMessage();
    });
    socket.on("close", () => this.#onMessage());
  }

  static async connect(url: string, ...topics: Topic[]): Promise<TestViewer> {
    const socket = new WebSocket(url, PROTOCOL);
    const viewer = new TestViewer(socket);
    await once(socket, "open");
    if (topics.length > 0) viewer.send("subscribe", { topics });
    return viewer;
  }

  send<T extends keyof ClientBodies>(type: T, body: ClientBodies[T]): void {
    this.socket.send(encodeClient(type, body));
  }

  /** The next message of a type that satisfies `wanted`, looked for from message number `from` on. */
  async next<T extends keyof ServerBodies>(
    type: T,
    wanted: (message: Of<T>) => boolean = () => true,
    from = this.messages.length,
  ): Promise<Of<T>> {
    const matches = (message: ServerMessage): message is Of<T> => message.type === type;
    for (let i = from; ; i++) {
      while (i >= this.messages.length) await this.#more(type);
      const message = this.messages[i]!;
      if (matches(message) && wanted(message)) return message;
    }
  }

  /** The first message from number `from` on that satisfies `wanted`, whatever its type. */
  async any(wanted: (message: ServerMessage) => boolean, from = this.messages.length): Promise<ServerMessage> {
    for (let i = from; ; i++) {
      while (i >= this.messages.length) await this.#more("any message");
      const message = this.messages[i]!;
      if (wanted(message)) return message;
    }
  }

  async #more(type: string): Promise<void> {
    if (this.#problem !== null) throw new Error(`while waiting for ${type}: ${this.#problem}`);
    if (this.socket.readyState === WebSocket.CLOSED) throw new Error(`closed while waiting for ${type}`);
    await new Promise<void>((resolve) => {
      this.#onMessage = resolve;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    this.socket.terminate();
    await once(this.socket, "close");
  }
}
