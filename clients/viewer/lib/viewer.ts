import { type ServerMessage, TOPICS } from "../../../src/protocol/messages.ts";
import { parseServerMessage } from "../../../src/protocol/parse.ts";
import { ServerClock } from "./clock.ts";
import { Link } from "./link.ts";
import { Loop } from "./loop.ts";
import { applyMessage, emptyState, type ViewerState } from "./state.ts";

const PING_EVERY_MS = 2000;
/** A socket that answers no ping for this long is dead even if the network does not say so. */
const SILENT_MS = 7000;

/** The page without its looks: one connection, its state, its clock, and the loop that paints. */
export class Viewer {
  readonly state: ViewerState = emptyState();
  readonly clock = new ServerClock();
  readonly loop = new Loop();
  readonly #link: Link;
  readonly #pings = new Map<number, number>();
  #nextPing = 1;
  #pongAtMs = 0;
  #unconfirmed: { seq: number; closedMs: number } | null = null;

  constructor(url: string) {
    const { link } = this.state;
    this.#link = new Link(url, {
      connecting: () => Object.assign(link, { phase: "connecting" }),
      opened: () => this.#opened(),
      received: (bytes) => this.#received(bytes),
      down: (attempt, retryAtMs) => Object.assign(link, { phase: "down", attempt, retryAtMs }),
    });
  }

  start(): void {
    this.loop.add((nowMs) => this.#confirmShown(nowMs));
    this.loop.start();
    this.#link.start();
    window.setInterval(() => this.#ping(), PING_EVERY_MS);
  }

  /** A painter has drawn this frame; it is on the glass when the next animation frame begins. */
  painted(seq: number, closedMs: number): void {
    this.#unconfirmed = { seq, closedMs };
  }

  #confirmShown(nowMs: number): void {
    const shown = this.#unconfirmed;
    const atMs = this.clock.toServer(nowMs);
    if (!shown || atMs === null) return;
    this.#unconfirmed = null;
    this.state.glassMs = atMs - shown.closedMs;
    this.#link.send("shown", { seq: shown.seq, atMs });
  }

  #opened(): void {
    Object.assign(this.state.link, { phase: "open", everOpen: true });
    this.#pongAtMs = performance.now();
    this.#pings.clear();
    this.#link.send("subscribe", { topics: [...TOPICS] });
    this.#ping();
  }

  #ping(): void {
    const nowMs = performance.now();
    if (this.state.link.phase !== "open") return;
    if (nowMs - this.#pongAtMs > SILENT_MS) {
      this.#link.abandon();
      return;
    }
    const id = this.#nextPing++;
    if (this.#link.send("ping", { id })) this.#pings.set(id, nowMs);
  }

  #received(bytes: Uint8Array): void {
    const atMs = performance.now();
    const parsed = parseServerMessage(bytes);
    if (parsed.ok) this.#take(parsed.message, atMs);
    else if (parsed.code === "PROTOCOL_MALFORMED") this.#unreadable(parsed.problem, atMs);
  }

  #unreadable(problem: string, atMs: number): void {
    this.state.unreadable++;
    this.state.note = { text: `unreadable message: ${problem}`, atMs, fault: true };
  }

  #take(message: ServerMessage, atMs: number): void {
    if (message.type === "hello") {
      this.#link.settled();
      this.clock.seed(atMs, message.nowMs);
    }
    if (message.type === "pong") this.#pong(message.id, message.nowMs, atMs);
    applyMessage(this.state, message, atMs);
  }

  #pong(id: number, serverMs: number, atMs: number): void {
    const sentAtMs = this.#pings.get(id);
    if (sentAtMs === undefined) return;
    this.#pings.delete(id);
    this.#pongAtMs = atMs;
    this.clock.add(sentAtMs, atMs, serverMs);
  }
}
