/** FIN and opcode 2: a binary message in one frame (RFC 6455, 5.2). */
const BINARY = 0x82;
const LENGTH_16 = 126;
const LENGTH_64 = 127;

/** A message as it stands on the wire from server to client: header and payload in one piece, so that every socket needs one write. */
export function binaryFrame(payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const head = length < LENGTH_16 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafeSlow(head + length);
  frame[0] = BINARY;
  frame[1] = head === 2 ? length : head === 4 ? LENGTH_16 : LENGTH_64;
  if (head === 4) frame.writeUInt16BE(length, 2);
  if (head === 10) frame.writeBigUInt64BE(BigInt(length), 2);
  frame.set(payload, head);
  return frame;
}

/** Frames of messages that many sockets send: each is made once, for as long as its payload is in use. */
export class SharedFrames {
  readonly #frames = new WeakMap<Uint8Array, Uint8Array>();

  of(payload: Uint8Array): Uint8Array {
    const known = this.#frames.get(payload);
    if (known !== undefined) return known;
    const frame = binaryFrame(payload);
    this.#frames.set(payload, frame);
    return frame;
  }
}
