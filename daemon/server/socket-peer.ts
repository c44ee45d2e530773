import type { Duplex } from "node:stream";
import { WebSocket } from "ws";
import type { Peer } from "../../src/protocol/delivery.ts";

/** Bytes between two pings that ask what has arrived. */
const PROBE_BYTES = 65_536;
const PROBE_SIZE = 8;

/**
 * A viewer's socket as delivery sees it. The kernels buffer megabytes of a stalled connection, so `bufferedAmount`
 * counts what was sent and not yet acknowledged: pings between the messages carry the count, pongs bring it back.
 */
export class SocketPeer implements Peer {
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  readonly #framer: Framer;
  #sent = 0;
  #probed = 0;
  #arrived = 0;

  /** `stream` is the connection that `socket` was made of; `framer` is shared by all viewers. */
  constructor(socket: WebSocket, stream: Duplex, framer: Framer) {
    this.#socket = socket;
    this.#stream = stream;
    this.#framer = framer;
  }

  /** Infinite once the connection is closing: nothing that is not sent may be counted as sent. */
  get bufferedAmount(): number {
    if (this.#socket.readyState !== WebSocket.OPEN) return Number.POSITIVE_INFINITY;
    return Math.max(this.#sent - this.#arrived, this.#socket.bufferedAmount);
  }

  send(bytes: Uint8Array): void {
    this.#stream.write(this.#framer.frame(bytes));
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

  /** Takes the payload of a pong. A count that was never probed is ignored. */
  acknowledge(payload: Buffer): void {
    const arrived = payload.length === PROBE_SIZE ? payload.readDoubleLE() : Number.NaN;
    if (arrived > this.#arrived && arrived <= this.#probed) this.#arrived = arrived;
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }
}

const FIN_BINARY = 0x82;

/**
 * WebSocket framing, done once for all viewers: ws would build the header for each, and write header and payload
 * apart. Its own frames (close, ping, pong) are whole writes too, so they never fall inside one of these.
 */
export class Framer {
  #last: Uint8Array | null = null;
  #framed: Uint8Array = new Uint8Array(0);

  /** The message as one unmasked binary frame. The same bytes again give the same frame. */
  frame(bytes: Uint8Array): Uint8Array {
    if (bytes !== this.#last) {
      this.#last = bytes;
      this.#framed = withHeader(bytes);
    }
    return this.#framed;
  }
}

function withHeader(bytes: Uint8Array): Uint8Array {
  const { length } = bytes;
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const framed = Buffer.allocUnsafe(2 + extended + length);
  framed[0] = FIN_BINARY;
  framed[1] = extended === 0 ? length : extended === 2 ? 126 : 127;
  if (extended === 2) framed.writeUInt16BE(length, 2);
  if (extended === 8) framed.writeBigUInt64BE(BigInt(length), 2);
  framed.set(bytes, 2 + extended);
  return framed;
}
