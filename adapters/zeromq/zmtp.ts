/** What the bytes of a connection said, for a subscriber of ZMTP 3 with the NULL mechanism (https://rfc.zeromq.org/spec/23 and 37). */
export interface ZmtpEvents {
  /** The peer greeted and may be talked to; `minor` is its version 3.x. */
  greeted(minor: number): void;
  /** The handshake is done. */
  ready(): void;
  /** The frames of one message, borrowed: they are overwritten after the call. */
  message(frames: readonly Uint8Array[]): void;
  ping(context: Uint8Array): void;
}

export interface ZmtpDecoder {
  /** Takes bytes in; returns why the peer cannot be talked to, or undefined. Nothing may be pushed after that. */
  push(chunk: Uint8Array): string | undefined;
}

export interface ZmtpLimits {
  /** Longest message, all its frames together. */
  readonly maxMessageBytes: number;
  readonly maxFrames: number;
}

const GREETING_BYTES = 64;
const FLAG = { more: 1, long: 2, command: 4 } as const;
const PUBLISHERS = new Set(["PUB", "XPUB"]);

/** No I/O: bytes in, events out. Bounded: a frame that would be too long is refused by its header. */
export function zmtpDecoder(events: ZmtpEvents, { maxMessageBytes, maxFrames }: ZmtpLimits): ZmtpDecoder {
  let kept: Uint8Array[] = [];
  let keptBytes = 0;
  /** With fewer bytes there is nothing to do: a long message is put together once, not at every chunk. */
  let needed = GREETING_BYTES;
  let state: "greeting" | "handshake" | "ready" = "greeting";
  let frames: Uint8Array[] = [];
  let messageBytes = 0;

  const greeting = (bytes: Uint8Array): string | undefined => {
    if (bytes[0] !== 0xff || bytes[9] !== 0x7f) return "does not speak ZeroMQ";
    if (bytes[10]! < 3) return `speaks version ${bytes[10]} of the ZeroMQ protocol, expected 3`;
    const mechanism = latin1(bytes.subarray(12, 32)).replace(/\0+$/, "");
    if (mechanism !== "NULL") return `wants security ${mechanism.slice(0, 20)}: set curve in the options`;
    state = "handshake";
    events.greeted(bytes[10]! > 3 ? 1 : bytes[11]!);
    return undefined;
  };
  const command = (body: Uint8Array): string | undefined => {
    const size = body[0] ?? 0;
    const name = latin1(body.subarray(1, 1 + size));
    const rest = body.subarray(1 + size);
    if (name === "PING") events.ping(rest.subarray(2));
    else if (name === "ERROR") return `refused the connection: ${latin1(rest.subarray(1, 200))}`;
    else if (name === "READY" && state === "handshake") {
      const type = property(rest, "socket-type");
      if (type !== undefined && !PUBLISHERS.has(type)) return `is a ${type.slice(0, 20)} socket, expected a publisher`;
      state = "ready";
      events.ready();
    }
    return undefined;
  };
  const frame = (flags: number, body: Uint8Array): string | undefined => {
    if ((flags & FLAG.command) !== 0) return command(body);
    if (state !== "ready") return "sent a message before the handshake";
    frames.push(body);
    messageBytes += body.length;
    if ((flags & FLAG.more) !== 0) return undefined;
    const whole = frames;
    frames = [];
    messageBytes = 0;
    events.message(whole);
    return undefined;
  };
  const header = (bytes: Uint8Array, at: number): { size: number; length: number } | string | undefined => {
    const flags = bytes[at]!;
    if (flags > 7 || (flags & (FLAG.command | FLAG.more)) === (FLAG.command | FLAG.more))
      return "sent a frame of an unknown kind";
    const size = headerBytes(flags);
    if (bytes.length - at < size) return undefined;
    const length = size === 2 ? bytes[at + 1]! : uint64(bytes, at + 1);
    if (messageBytes + length > maxMessageBytes) return `sent a message longer than ${maxMessageBytes} bytes`;
    if (frames.length >= maxFrames) return `sent a message of more than ${maxFrames} frames`;
    return { size, length };
  };
  /** Reads what is whole from `at` on; returns the place after it, or a refusal. */
  const read = (bytes: Uint8Array, start: number): number | string => {
    let at = start;
    while (at < bytes.length) {
      const head = header(bytes, at);
      if (typeof head === "string") return head;
      needed = head === undefined ? headerBytes(bytes[at]!) : head.size + head.length;
      if (head === undefined || bytes.length - at < needed) return at;
      const refusal = frame(bytes[at]!, bytes.subarray(at + head.size, at + needed));
      if (refusal !== undefined) return refusal;
      at += needed;
    }
    needed = 2;
    return at;
  };
  return {
    push(chunk) {
      if (keptBytes + chunk.length < needed) {
        kept.push(copy(chunk));
        keptBytes += chunk.length;
        return undefined;
      }
      const bytes = keptBytes === 0 ? chunk : join(kept, keptBytes, chunk);
      let at = 0;
      if (state === "greeting") {
        const refusal = greeting(bytes);
        if (refusal !== undefined) return refusal;
        at = GREETING_BYTES;
      }
      const end = read(bytes, at);
      if (typeof end === "string") return end;
      // Frames of a message that is not whole lie in bytes that are about to be overwritten.
      for (let i = 0; i < frames.length; i++) frames[i] = copy(frames[i]!);
      kept = end < bytes.length ? [copy(bytes.subarray(end))] : [];
      keptBytes = bytes.length - end;
      return undefined;
    },
  };
}

const GREETING = Buffer.concat([
  Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 1]),
  Buffer.from("NULL".padEnd(20, "\0")),
  Buffer.alloc(32),
]);

/** What a subscriber sends. */
export const zmtpEncode = {
  greeting: (): Buffer => GREETING,
  ready: (): Buffer => {
    const [name, value] = [Buffer.from("Socket-Type"), Buffer.from("SUB")];
    return commandFrame("READY", Buffer.from([name.length]), name, Buffer.from([0, 0, 0, value.length]), value);
  },
  /** A command since version 3.1, a message before. */
  subscribe: (topic: string, minor: number): Buffer => {
    if (minor >= 1) return commandFrame("SUBSCRIBE", Buffer.from(topic));
    const body = Buffer.from(`\u0001${topic}`);
    return Buffer.concat([Buffer.from([0, body.length]), body]);
  },
  /** Time to live 0: the peer need not count on more pings. Since version 3.1. */
  ping: (): Buffer => commandFrame("PING", Buffer.from([0, 0])),
  pong: (context: Uint8Array): Buffer => commandFrame("PONG", context.subarray(0, 16)),
};

function commandFrame(name: string, ...body: readonly Uint8Array[]): Buffer {
  const whole = Buffer.concat([Buffer.from([name.length]), Buffer.from(name), ...body]);
  return Buffer.concat([Buffer.from([FLAG.command, whole.length]), whole]);
}

/** Value of a property of a READY command, by its name in lower case; undefined when it is not there or the list is broken. */
function property(list: Uint8Array, wanted: string): string | undefined {
  for (let at = 0; at < list.length; ) {
    const name = latin1(list.subarray(at + 1, at + 1 + list[at]!));
    const valueAt = at + 1 + list[at]!;
    if (valueAt + 4 > list.length) return undefined;
    const length = uint32(list, valueAt);
    if (name.toLowerCase() === wanted) return latin1(list.subarray(valueAt + 4, valueAt + 4 + length));
    at = valueAt + 4 + length;
  }
  return undefined;
}

function headerBytes(flags: number): number {
  return (flags & FLAG.long) === 0 ? 2 : 9;
}

function uint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

function uint64(bytes: Uint8Array, at: number): number {
  return uint32(bytes, at) * 2 ** 32 + uint32(bytes, at + 4);
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

function copy(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

function join(kept: readonly Uint8Array[], keptBytes: number, chunk: Uint8Array): Uint8Array {
  return Buffer.concat([...kept, chunk], keptBytes + chunk.length);
}
