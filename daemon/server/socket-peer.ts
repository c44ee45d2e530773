import type { Writable } from "node:stream";
import { WebSocket } from "ws";
import type { Peer } from "../../src/protocol/delivery.ts";
import type { SharedFrames } from "./frame-bytes.ts";

/** Bytes between two pings that ask what has arrived. */
const PROBE_BYTES = 65_536;
const PROBE_SIZE = 8;

/**
 * A viewer's socket as delivery sees it. The kernels buffer megabytes of a stalled connection, so `bufferedAmount`
 * counts what was sent and not yet acknowledged: pings between the messages carry the count, pongs bring it back.
 */
export class SocketPeer implements Peer {
  readonly #socket: WebSocket;
  readonly #wire: Writable;
  readonly #frames: SharedFrames;
  #sent = 0;
  #probed = 0;
  #arrived = 0;

  /** `wire` is the connection under `socket`, on which nothing but whole frames may be written. */
  constructor(socket: WebSocket, wire: Writable, frames: SharedFrames) {
    this.#socket = socket;
    this.#wire = wire;
    this.#frames = frames;
  }

  /** Infinite once the connection is closing: nothing that is not sent may be counted as sent. */
  get bufferedAmount(): number {
    if (this.#socket.readyState !== WebSocket.OPEN) return Number.POSITIVE_INFINITY;
    return Math.max(this.#sent - this.#arrived, this.#socket.bufferedAmount);
  }

  send(bytes: Uint8Array): void {
    // Past ws, which would make a header and two writes for every viewer. Without compression it keeps nothing back, so frames stay in order.
    this.#wire.write(this.#frames.of(bytes));
    this.#sent += bytes.length;
    if (this.#sent - this.#probed >= PROBE_BYTES) this.probe();
  }

  /** Asks what has arrived; the pong also says that the viewer lives. */
  probe(): void {
    const payload = Buffer.allocUnsafe(PROBE_SIZE);
    payload.writeDoubleLE(this.#sent);
    this.#probed = this.#sent;
    this.#socket.ping(payload);
  }

  /** Takes the payload of a pong; whether it says anything new. A count that was never probed is ignored. */
  acknowledge(payload: Buffer): boolean {
    const arrived = payload.length === PROBE_SIZE ? payload.readDoubleLE() : Number.NaN;
    if (!(arrived > this.#arrived && arrived <= this.#probed)) return false;
    this.#arrived = arrived;
    return true;
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }
}
