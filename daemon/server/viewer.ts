import type { Writable } from "node:stream";
import type { WebSocket } from "ws";
import { expected, PhospheneError } from "../../src/errors.ts";
import { Delivery, HIGH_WATER_BYTES } from "../../src/protocol/delivery.ts";
import { encodeServer } from "../../src/protocol/encode.ts";
import type { ClientMessage, ServerBodies, Topic, ViewerCounts } from "../../src/protocol/messages.ts";
import { parseClientMessage } from "../../src/protocol/parse.ts";
import { MessageRate } from "../../src/protocol/rate.ts";
import type { Access, Grant } from "./access/access.ts";
import { describe } from "./access/describe.ts";
import { type Command, idOf, isCommand, obey, sentence } from "./commands.ts";
import type { SharedFrames } from "./frame-bytes.ts";
import type { ServerOptions } from "./options.ts";
import { SocketPeer } from "./socket-peer.ts";

const MISSED_PINGS = 2;
const CLOSE_RATE = 1008;
/** One that floods may read why it is closed, but not go on for long, ms. */
const FLOOD_GRACE_MS = 500;

/** Number of the connection, and what it may do. */
export interface Who {
  id: number;
  grant: Grant;
}

export type ViewerOptions = Pick<ServerOptions, "hello" | "limits" | "log" | "now" | "commands" | "onShown"> & {
  access: Access;
};

/** One WebSocket connection: its subscription, what it says, whether it lives, and the delivery to it. */
export class Viewer {
  readonly id: number;
  readonly grant: Grant;
  readonly delivery: Delivery;
  /** Resolves when the connection is closed and counted. */
  readonly gone: Promise<void>;
  topics: ReadonlySet<Topic> = new Set();
  readonly #socket: WebSocket;
  readonly #peer: SocketPeer;
  readonly #rate: MessageRate;
  readonly #options: ViewerOptions;
  #unanswered = 0;

  /** Greets. The hub is told of the end by the socket's `close` event. */
  constructor({ id, grant }: Who, socket: WebSocket, wire: Writable, options: ViewerOptions, frames: SharedFrames) {
    this.id = id;
    this.grant = grant;
    this.#socket = socket;
    this.#options = options;
    this.#peer = new SocketPeer(socket, wire, frames);
    this.#rate = new MessageRate(options.limits.messagesPerSecond, options.now);
    this.delivery = new Delivery(this.#peer, options.now);
    this.gone = new Promise((resolve) => socket.once("close", () => resolve()));
    this.#listen();
    this.greet();
    this.delivery.pump();
  }

  /** Says hello: first of all, and whenever another bundle is decoded. It is sent with what else waits. */
  greet(): void {
    const body = { ...this.#options.hello(), role: this.grant.role, viewer: this.id };
    this.delivery.offer("hello", encodeServer("hello", body));
  }

  get counts(): ViewerCounts {
    return { id: this.id, ...this.delivery.counts };
  }

  /** Pings; ends the connection when two pings were not answered. Call at a fixed interval. */
  checkAlive(): void {
    if (this.#unanswered >= MISSED_PINGS) {
      this.#socket.terminate();
      return;
    }
    this.#unanswered += 1;
    this.#peer.probe();
  }

  /** Closes politely, and cuts the connection off when the viewer has not answered after `graceMs`. */
  end(code: number, reason: string, graceMs: number): void {
    const cut = setTimeout(() => this.#socket.terminate(), graceMs);
    this.#socket.once("close", () => clearTimeout(cut));
    this.#socket.close(code, reason);
  }

  #listen(): void {
    const { log } = this.#options;
    this.#socket.on("message", (data, isBinary) => this.#onMessage(data, isBinary));
    this.#socket.on("ping", (data) => this.#onPing(data));
    this.#socket.on("pong", (data) => this.#onPong(data));
    this.#socket.on("error", (error) => {
      this.#countError(error);
      log.debug({ viewer: this.id, error: error.message }, "viewer socket error");
    });
  }

  /** ws closes the connection itself, with 1009 or 1002. */
  #countError(error: Error): void {
    const code = "code" in error ? String(error.code) : "";
    const reason = /^WS_ERR_UNSUPPORTED_(MESSAGE|DATA_PAYLOAD)_LENGTH$/.test(code) ? "size" : "frame";
    if (code.startsWith("WS_ERR_")) this.#options.access.refusals.add(reason, this.grant.name);
  }

  #onPong(payload: Buffer): void {
    this.#unanswered = 0;
    // One that says nothing new is talk like any other.
    if (this.#peer.acknowledge(payload)) this.delivery.pump();
    else this.#mayTalk();
  }

  // Not left to ws: a peer that pings and never reads would make it queue pongs without bound.
  #onPing(payload: Buffer): void {
    if (this.#mayTalk() && this.#socket.bufferedAmount < HIGH_WATER_BYTES) this.#socket.pong(payload);
  }

  #onMessage(data: unknown, isBinary: boolean): void {
    if (!this.#mayTalk()) return;
    if (!isBinary || !(data instanceof Uint8Array)) {
      this.#options.access.refusals.add("message", this.grant.name);
      this.#refuse("PROTOCOL_MALFORMED", "message: expected a binary frame, got text");
      return;
    }
    const parsed = parseClientMessage(data, this.#options.limits.maxMessageBytes);
    if (!parsed.ok) {
      this.#options.access.refusals.add("message", this.grant.name);
      this.#refuse(parsed.code, parsed.problem, parsed.id);
      return;
    }
    const { message } = parsed;
    try {
      if (isCommand(message)) this.#command(message).catch((error: unknown) => this.#onTrouble(error, idOf(message)));
      else this.#handle(message);
    } catch (error) {
      this.#onTrouble(error, idOf(message));
    }
  }

  async #command(message: Command): Promise<void> {
    const { access, commands } = this.#options;
    if (this.grant.role === "operator") {
      await obey(message, this.id, commands, (type, body) => this.#reply(type, body));
      access.actions?.add({ who: this.grant.name, what: message.type, viewer: this.id, ...describe(message) });
      return;
    }
    access.refusals.add("forbidden", this.grant.name);
    this.#refuse("PROTOCOL_FORBIDDEN", expected(message.type, "an operator", "a viewer"), idOf(message));
  }

  // What a viewer says must not stop the daemon, whatever its handlers do.
  #onTrouble(error: unknown, id: number | null): void {
    if (error instanceof PhospheneError) this.#refuse(error.code, sentence(error), id);
    else this.#options.log.error({ viewer: this.id, error }, "message not handled");
  }

  #handle(message: Exclude<ClientMessage, Command>): void {
    switch (message.type) {
      case "subscribe":
        this.topics = new Set(message.topics);
        break;
      case "shown":
        this.#options.onShown(message.seq, message.atMs);
        break;
      case "ping":
        this.#reply("pong", { id: message.id, nowMs: this.#options.now() });
        break;
    }
  }

  #mayTalk(): boolean {
    const verdict = this.#rate.next();
    const limit = `at most ${this.#options.limits.messagesPerSecond} messages a second`;
    if (verdict === "tell") this.#refuse("PROTOCOL_RATE", `expected ${limit}, got more; the rest is ignored`);
    if (verdict === "close" && this.#socket.readyState === this.#socket.OPEN)
      this.end(CLOSE_RATE, `expected ${limit}`, FLOOD_GRACE_MS);
    if (verdict !== "take") this.#options.access.refusals.add("rate", this.grant.name);
    return verdict === "take";
  }

  #refuse(code: string, message: string, id: number | null = null): void {
    this.#options.log.debug({ viewer: this.id, code, problem: message }, "message refused");
    this.#reply("error", { code, message, id });
  }

  #reply<T extends "error" | "pong" | "noted" | "presented">(type: T, body: ServerBodies[T]): void {
    this.delivery.offer(type, encodeServer(type, body));
    this.delivery.pump();
  }
}
