import type { Writable } from "node:stream";
import type { WebSocket } from "ws";
import type { MessageType } from "../../src/protocol/delivery.ts";
import { encodeServer } from "../../src/protocol/encode.ts";
import type {
  EventBody,
  FrameBody,
  LatentsBody,
  ServerBodies,
  SpikesBody,
  StatusBody,
  Topic,
} from "../../src/protocol/messages.ts";
import type { FrameTimes } from "../trace.ts";
import type { Grant } from "./access/access.ts";
import { SharedFrames } from "./frame-bytes.ts";
import type { Acknowledgement, Intervals, ViewersStatus } from "./options.ts";
import { Viewer, type ViewerOptions } from "./viewer.ts";

/** How long messages may wait for a socket before it is looked at again, ms; pongs usually come first. */
const PUMP_MS = 100;
/** Viewers written to at once, in the order in which they connected: the loop's own picture waits for no crowd. */
const AT_ONCE = 4;
/** Viewers written to in one go, about half a millisecond; the others follow after the loop has served whoever else waits. */
const SLICE = 32;
const CLOSE_GOING_AWAY = 1001;
const CLOSE_POLICY = 1008;

export type HubOptions = ViewerOptions & { status: () => StatusBody; intervals: Intervals };

/** Whose connection it is, and from where. */
export interface Newcomer {
  readonly grant: Grant;
  readonly address: string;
}

/** All viewers of the server: publishes to them and counts for them. Every message is encoded once, and only if somebody wants it. */
export class Hub {
  readonly #viewers = new Set<Viewer>();
  /** Have something to send and were not looked at yet. */
  readonly #due = new Set<Viewer>();
  readonly #departed = { offered: 0, sent: 0, dropped: 0 };
  /** Viewers by address. */
  readonly #perAddress = new Map<string, number>();
  readonly #options: HubOptions;
  readonly #frames = new SharedFrames();
  readonly #timers: NodeJS.Timeout[];
  #pumpTimer: NodeJS.Timeout | null = null;
  #nextSlice: NodeJS.Immediate | null = null;
  #nextId = 1;

  constructor(options: HubOptions) {
    this.#options = options;
    const { statusMs, pingMs } = options.intervals;
    this.#timers = [setInterval(() => this.#publishStatus(), statusMs), setInterval(() => this.#checkAlive(), pingMs)];
    for (const timer of this.#timers) timer.unref();
  }

  get size(): number {
    return this.#viewers.size;
  }

  /** Takes an open connection and what lies under it. */
  add(socket: WebSocket, wire: Writable, { grant, address }: Newcomer): void {
    const viewer = new Viewer({ id: this.#nextId++, grant }, socket, wire, this.#options, this.#frames);
    this.#viewers.add(viewer);
    this.#perAddress.set(address, this.countOf(address) + 1);
    socket.once("close", (code) => this.#remove(viewer, address, code));
    this.#options.log.debug({ viewer: viewer.id }, "viewer connected");
    const { name, role } = grant;
    this.#options.access.actions?.add({ who: name, what: "connect", viewer: viewer.id, role, from: address });
  }

  /** Viewers of an address. */
  countOf(address: string): number {
    return this.#perAddress.get(address) ?? 0;
  }

  /** Closes every viewer whose grant does not hold any more with 1008. */
  revoke(): void {
    const { access } = this.#options;
    for (const viewer of this.#viewers) {
      if (access.holds(viewer.grant)) continue;
      access.refusals.add("revoked", viewer.grant.name);
      viewer.end(CLOSE_POLICY, "the token was taken away", this.#options.intervals.closeMs);
    }
  }

  /** See `PhospheneServer.publishFrame`. */
  publishFrame(frame: FrameBody, expiresAtMs?: number): FrameTimes {
    const { now } = this.#options;
    let serialisedMs = frame.stamps.written;
    const encode = () => {
      const bytes = encodeServer("frame", frame);
      serialisedMs = now();
      return bytes;
    };
    const writtenMs = this.#publish("frame", encode, expiresAtMs);
    this.#publish("latents", () => encodeServer("latents", latentsOf(frame)), expiresAtMs);
    return { serialisedMs, writtenMs };
  }

  publishSpikes(body: SpikesBody): void {
    this.#publish("spikes", () => encodeServer("spikes", body));
  }

  publishEvent(body: EventBody): void {
    this.#publish("event", () => encodeServer("event", body));
  }

  /** Another bundle is decoded from the next frame on: what waits of the one before is dropped for everybody. */
  publishHello(): void {
    for (const viewer of this.#viewers) {
      viewer.greet();
      this.#due.add(viewer);
    }
    this.#scheduleSlice();
  }

  /** To everybody subscribed to `event`, and to the connection that asked for it. */
  acknowledge<T extends Acknowledgement>(type: T, body: ServerBodies[T]): void {
    const bytes = encodeServer(type, body);
    for (const viewer of this.#viewers) {
      if (!viewer.topics.has("event") && viewer.id !== body.by) continue;
      viewer.delivery.offer(type, bytes);
      this.#due.add(viewer);
    }
    this.#scheduleSlice();
  }

  /** Counts of each viewer, and of all that ever were. */
  status(): ViewersStatus {
    const viewers = Array.from(this.#viewers, (viewer) => viewer.counts);
    const viewerTotals = { connected: viewers.length, ...this.#departed, queued: 0 };
    for (const counts of viewers) {
      viewerTotals.offered += counts.offered;
      viewerTotals.sent += counts.sent;
      viewerTotals.dropped += counts.dropped;
      viewerTotals.queued += counts.queued;
    }
    return { viewers, viewerTotals, access: this.#access() };
  }

  /** Closes every viewer with 1001; resolves when all are gone. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    const gone = Array.from(this.#viewers, (viewer) => {
      viewer.end(CLOSE_GOING_AWAY, "the daemon stops", this.#options.intervals.closeMs);
      return viewer.gone;
    });
    await Promise.all(gone);
    if (this.#pumpTimer) clearTimeout(this.#pumpTimer);
  }

  /** Returns the time after the writes to the first viewers. */
  #publish(topic: Topic & MessageType, encode: () => Uint8Array, expiresAtMs?: number): number {
    let bytes: Uint8Array | null = null;
    let left = AT_ONCE;
    let writtenMs = Number.NaN;
    for (const viewer of this.#viewers) {
      if (!viewer.topics.has(topic)) continue;
      bytes ??= encode();
      viewer.delivery.offer(topic, bytes, expiresAtMs);
      if (left-- > 0) this.#pump(viewer);
      else this.#due.add(viewer);
      if (left === 0) writtenMs = this.#options.now();
    }
    this.#scheduleSlice();
    return left > 0 ? this.#options.now() : writtenMs;
  }

  #pump(viewer: Viewer): void {
    viewer.delivery.pump();
    if (viewer.delivery.pending) this.#pumpTimer ??= setTimeout(() => this.#pumpPending(), PUMP_MS).unref();
  }

  #pumpSlice(): void {
    let left = SLICE;
    for (const viewer of this.#due) {
      if (left-- === 0) break;
      this.#due.delete(viewer);
      this.#pump(viewer);
    }
    this.#scheduleSlice();
  }

  #scheduleSlice(): void {
    if (this.#due.size > 0) this.#nextSlice ??= setImmediate(() => this.#continue());
  }

  #continue(): void {
    this.#nextSlice = null;
    this.#pumpSlice();
  }

  #pumpPending(): void {
    this.#pumpTimer = null;
    for (const viewer of this.#viewers) if (viewer.delivery.pending) this.#due.add(viewer);
    this.#pumpSlice();
  }

  #publishStatus(): void {
    this.#publish("status", () => encodeServer("status", this.#options.status()));
  }

  #checkAlive(): void {
    for (const viewer of this.#viewers) viewer.checkAlive();
  }

  #access(): ViewersStatus["access"] {
    const { isGuarded, refusals, actions } = this.#options.access;
    const operators = [...this.#viewers].filter(({ grant }) => grant.role === "operator").length;
    return {
      ...{ tokens: isGuarded, operators, viewers: this.#viewers.size - operators, refused: { ...refusals.counts } },
      log: actions === null ? null : { ...actions.counts },
    };
  }

  #remove(viewer: Viewer, address: string, code: number): void {
    const left = this.countOf(address) - 1;
    if (left > 0) this.#perAddress.set(address, left);
    else this.#perAddress.delete(address);
    this.#options.access.actions?.add({ who: viewer.grant.name, what: "disconnect", viewer: viewer.id, code });
    viewer.delivery.close();
    this.#viewers.delete(viewer);
    this.#due.delete(viewer);
    const { offered, sent, dropped } = viewer.counts;
    this.#departed.offered += offered;
    this.#departed.sent += sent;
    this.#departed.dropped += dropped;
    this.#options.log.debug({ viewer: viewer.id, code, offered, sent, dropped }, "viewer gone");
  }
}

function latentsOf(frame: FrameBody): LatentsBody {
  const { seq, state, held, mu, logvar, bits, explained, atypicality, readouts, bins, stamps } = frame;
  return { seq, state, held, mu, logvar, bits, explained, atypicality, readouts, bins, stamps };
}
