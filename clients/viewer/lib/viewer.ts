import { type ServerMessage, TOPICS, type Topic } from "../../../src/protocol/messages.ts";
import { parseServerMessage } from "../../../src/protocol/parse.ts";
import { Access } from "./access.ts";
import { ServerClock } from "./clock.ts";
import { Link } from "./link.ts";
import { Loop } from "./loop.ts";
import { Operator } from "./operator.ts";
import { Shortcuts } from "./shortcuts.ts";
import { applyMessage, emptyState, type ViewerState } from "./state.ts";

const PING_EVERY_MS = 2000;
/** A socket that answers no ping for this long is dead even if the network does not say so. */
const SILENT_MS = 7000;

/** What of the state belongs to one frame: an earlier one is shown with its own. */
export type Then = Pick<ViewerState, "hello" | "frame" | "latents" | "stimuli" | "past">;
type Tap = (message: ServerMessage, bytes: Uint8Array, atMs: number) => void;

/** The page without its looks: one connection, its state, its clock, and the loop that paints. */
export class Viewer {
  readonly #live: ViewerState = emptyState();
  #then: ViewerState | null = null;
  readonly #taps: Tap[] = [];
  readonly #topics: readonly Topic[];
  readonly access = new Access();
  readonly clock = new ServerClock();
  readonly loop = new Loop();
  readonly shortcuts = new Shortcuts();
  readonly operator: Operator;
  readonly #link: Link;
  readonly #pings = new Map<number, number>();
  #nextPing = 1;
  #pongAtMs = 0;
  /** This connection has begun: a further greeting is about another bundle. */
  #greeted = false;
  #unconfirmed: { seq: number; closedMs: number } | null = null;

  constructor(url: string, topics: readonly Topic[] = TOPICS) {
    this.#topics = topics;
    const { link } = this.#live;
    this.#link = new Link(url, () => this.access.protocols, {
      connecting: () => Object.assign(link, { phase: "connecting" }),
      opened: () => this.#opened(),
      received: (bytes) => this.#received(bytes),
      down: (attempt, retryAtMs) => this.#down({ phase: "down", attempt, retryAtMs }),
      refused: () => this.access.refused(),
      locked: () => this.#down({ phase: "locked" }),
    });
    this.operator = new Operator((type, body) => this.#link.send(type, body));
  }

  /** What the page shows: the newest of everything, or, scrolled back, a frame of then with what belonged to it. */
  get state(): ViewerState {
    return this.#then ?? this.#live;
  }

  /** The newest of everything, also while the page shows a frame of then. */
  get live(): ViewerState {
    return this.#live;
  }

  /** Shows an earlier frame with its latents and its stimulus instead of the newest; null goes on with the newest. */
  showThen(then: Then | null): void {
    const own =
      then && Object.fromEntries(Object.entries(then).map(([key, value]) => [key, { value, writable: true }]));
    this.#then = own && Object.create(this.#live, own);
    this.#unconfirmed = null;
    this.loop.show(then !== null);
  }

  /** Told of every message of the daemon, after the state has taken it in; `bytes` are the reader's to keep. */
  tap(tap: Tap): void {
    this.#taps.push(tap);
  }

  /** Tries again with this token; false when it cannot be one. */
  unlock(token: string): boolean {
    const usable = this.access.use(token);
    if (usable) this.#link.start();
    return usable;
  }

  start(): void {
    this.loop.add((nowMs) => this.#confirmShown(nowMs));
    this.loop.start();
    this.#link.start();
    window.setInterval(() => this.#ping(), PING_EVERY_MS);
  }

  /** A painter has drawn this frame; it is on the glass when the next animation frame begins. */
  painted(seq: number, closedMs: number): void {
    if (!this.#then) this.#unconfirmed = { seq, closedMs };
  }

  #confirmShown(nowMs: number): void {
    const shown = this.#unconfirmed;
    const atMs = this.clock.toServer(nowMs);
    if (!shown || atMs === null) return;
    this.#unconfirmed = null;
    this.#live.glassMs = atMs - shown.closedMs;
    this.#link.send("shown", { seq: shown.seq, atMs });
  }

  #down(link: Partial<ViewerState["link"]>): void {
    Object.assign(this.#live.link, link);
    this.operator.down();
  }

  #opened(): void {
    Object.assign(this.#live.link, { phase: "open", everOpen: true });
    this.#pongAtMs = performance.now();
    this.#pings.clear();
    this.#greeted = false;
    this.#link.send("subscribe", { topics: [...this.#topics] });
    this.#ping();
  }

  #ping(): void {
    const nowMs = performance.now();
    if (this.#live.link.phase !== "open") return;
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
    if (parsed.ok) {
      this.#take(parsed.message, atMs);
      for (const tap of this.#taps) tap(parsed.message, bytes, atMs);
    } else if (parsed.code === "PROTOCOL_MALFORMED") this.#unreadable(parsed.problem, atMs);
  }

  #unreadable(problem: string, atMs: number): void {
    this.#live.unreadable++;
    this.#live.note = { text: `unreadable message: ${problem}`, atMs, fault: true };
  }

  #take(message: ServerMessage, atMs: number): void {
    if (message.type === "hello") {
      this.#link.settled();
      if (!this.#greeted) this.clock.seed(atMs, message.nowMs);
      this.#greeted = true;
    }
    if (message.type === "pong") this.#pong(message.id, message.nowMs, atMs);
    applyMessage(this.#live, message, atMs);
    this.operator.take(message);
  }

  #pong(id: number, serverMs: number, atMs: number): void {
    const sentAtMs = this.#pings.get(id);
    if (sentAtMs === undefined) return;
    this.#pings.delete(id);
    this.#pongAtMs = atMs;
    this.clock.add(sentAtMs, atMs, serverMs);
  }
}
