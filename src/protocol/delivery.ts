import { encodeServer } from "./encode.ts";
import type { ServerBodies, ViewerCounts } from "./messages.ts";

/** The socket of one viewer. `send` hands bytes over at once and never blocks; `bufferedAmount` is what it could not pass on yet. */
export interface Peer {
  readonly bufferedAmount: number;
  send(bytes: Uint8Array): void;
  close(code: number, reason: string): void;
}

export type MessageType = keyof ServerBodies;
/** In order of urgency: state messages go first. */
export const LANES = ["state", "frame", "latents", "spikes"] as const;
export type Lane = (typeof LANES)[number];

const LANE_OF: Record<MessageType, Lane> = {
  frame: "frame",
  latents: "latents",
  spikes: "spikes",
  ...{ hello: "state", event: "state", status: "state", dropped: "state", error: "state", pong: "state" },
  ...{ steered: "state", noted: "state", presented: "state", switched: "state", adapted: "state" },
};
/** A full lane drops its oldest message; state messages must not be lost, so there a full lane ends the connection. */
const DEPTH: Record<Lane, number> = { frame: 1, latents: 1, spikes: 16, state: 256 };

/** A socket with more than this unsent gets nothing until it drains, bytes. */
export const HIGH_WATER_BYTES = 262_144;
/** Least time between two `dropped` notices, ms. */
export const NOTICE_INTERVAL_MS = 500;
const CLOSE_OVERFLOW = 1013;

export type DeliveryCounts = Omit<ViewerCounts, "id">;

interface Waiting {
  readonly bytes: Uint8Array;
  readonly expiresAtMs: number;
}

/**
 * Decides what one viewer gets: lanes of bounded depth, no byte to a socket that does not drain, every loss counted
 * and told. `offered = sent + dropped + queued` holds at every instant, also inside `peer.send` and after `close`.
 */
export class Delivery {
  readonly #peer: Peer;
  readonly #now: () => number;
  readonly #queues: Record<Lane, Waiting[]> = { state: [], frame: [], latents: [], spikes: [] };
  #owed = { frames: 0, latents: 0, spikes: 0 };
  #lastNoticeMs = Number.NEGATIVE_INFINITY;
  #offered = 0;
  #sent = 0;
  #dropped = 0;
  #closed = false;

  /** `now` is a monotonic clock in ms. */
  constructor(peer: Peer, now: () => number) {
    this.#peer = peer;
    this.#now = now;
  }

  /** Counts of all messages since the connection began. */
  get counts(): DeliveryCounts {
    return { offered: this.#offered, sent: this.#sent, dropped: this.#dropped, queued: this.#queued };
  }

  /** True while `pump` has something to do once the socket drains or the time for a notice comes. */
  get pending(): boolean {
    return !this.#closed && (this.#queued > 0 || this.#owesNotice);
  }

  /**
   * Puts a message in its lane; `pump` sends it, or drops it when its time has passed before its turn came. The bytes may be
   * shared: they are only read. After `close` it is counted as dropped.
   */
  offer(type: MessageType, bytes: Uint8Array, expiresAtMs = Number.POSITIVE_INFINITY): void {
    this.#offered += 1;
    if (this.#closed) {
      this.#dropped += 1;
      return;
    }
    // What waits is of the bundle of before.
    if (type === "hello") this.#dropPictures();
    const lane = LANE_OF[type];
    const queue = this.#queues[lane];
    queue.push({ bytes, expiresAtMs });
    if (queue.length > DEPTH[lane]) this.#overflow(lane, queue);
  }

  /** Sends what the socket takes. Call after offers, and whenever the socket has drained. */
  pump(): void {
    this.#drain();
    if (!this.#owesNotice || !this.#open || this.#now() - this.#lastNoticeMs < NOTICE_INTERVAL_MS) return;
    const notice = this.#owed;
    this.#owed = { frames: 0, latents: 0, spikes: 0 };
    this.#lastNoticeMs = this.#now();
    this.offer("dropped", encodeServer("dropped", notice));
    this.#drain();
  }

  /** The connection is gone: what is queued is counted as dropped, later offers too. */
  close(): void {
    this.#closed = true;
    for (const lane of LANES) this.#dropped += this.#queues[lane].splice(0).length;
  }

  get #queued(): number {
    const { state, frame, latents, spikes } = this.#queues;
    return state.length + frame.length + latents.length + spikes.length;
  }

  get #owesNotice(): boolean {
    return this.#owed.frames + this.#owed.latents + this.#owed.spikes > 0;
  }

  get #open(): boolean {
    return !this.#closed && this.#peer.bufferedAmount <= HIGH_WATER_BYTES;
  }

  #drain(): void {
    for (const lane of LANES) {
      const queue = this.#queues[lane];
      while (queue.length > 0 && this.#open) {
        const { bytes, expiresAtMs } = queue.shift()!;
        // The state lane is never shortened: what it holds does not expire.
        if (lane !== "state" && this.#now() > expiresAtMs) this.#drop(lane);
        else {
          this.#sent += 1;
          this.#peer.send(bytes);
        }
      }
    }
  }

  #overflow(lane: Lane, queue: Waiting[]): void {
    if (lane === "state") {
      this.close();
      this.#peer.close(CLOSE_OVERFLOW, "state messages are not read");
      return;
    }
    queue.shift();
    this.#drop(lane);
  }

  #dropPictures(): void {
    for (const lane of ["frame", "latents"] as const) {
      while (this.#queues[lane].shift() !== undefined) this.#drop(lane);
    }
  }

  #drop(lane: Exclude<Lane, "state">): void {
    this.#dropped += 1;
    this.#owed[lane === "frame" ? "frames" : lane] += 1;
  }
}
