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

export interface ZmtpLimits {
  /** Longest message, all its frames together. */
  readonly maxMessageBytes: number;
  readonly maxFrames: number;
}

const GREETING_BYTES = 64;
const FLAG = { more: 1, long: 2, command: 4 } as const;
/** A command is one frame. */
const COMMAND_OF_MORE = FLAG.command | FLAG.more;
const PUBLISHERS = new Set(["PUB", "XPUB"]);

/** No I/O: bytes in, events out. Bounded: a frame that would be too long is refused by its header. */
export class ZmtpDecoder {
  readonly #events: ZmtpEvents;
  readonly #limits: ZmtpLimits;
  #state: "greeting" | "handshake" | "ready" = "greeting";
  #kept: Uint8Array[] = [];
  #keptBytes = 0;
  /** With fewer bytes there is nothing to do: a long message is put together once, not at every chunk. */
  #needed = GREETING_BYTES;
  #frames: Uint8Array[] = [];
  #messageBytes = 0;

  constructor(events: ZmtpEvents, limits: ZmtpLimits) {
    this.#events = events;
    this.#limits = limits;
  }

  /** Takes bytes in; returns why the peer cannot be talked to, or undefined. Nothing may be pushed after that. */
  push(chunk: Uint8Array): string | undefined {
    if (this.#keptBytes + chunk.length < this.#needed) {
      this.#kept.push(copy(chunk));
      this.#keptBytes += chunk.length;
      return undefined;
    }
    const bytes = this.#keptBytes === 0 ? chunk : Buffer.concat([...this.#kept, chunk]);
    let start = 0;
    if (this.#state === "greeting") {
      const refusal = this.#greeting(bytes);
      if (refusal !== undefined) return refusal;
      start = GREETING_BYTES;
    }
    const end = this.#read(bytes, start);
    if (typeof end === "string") return end;
    // Frames of a message that is not whole lie in bytes that are about to be overwritten.
    for (let i = 0; i < this.#frames.length; i++) this.#frames[i] = copy(this.#frames[i]!);
    this.#kept = end < bytes.length ? [copy(bytes.subarray(end))] : [];
    this.#keptBytes = bytes.length - end;
    return undefined;
  }

  #greeting(bytes: Uint8Array): string | undefined {
    if (bytes[0] !== 0xff || bytes[9] !== 0x7f) return "does not speak ZeroMQ";
    if (bytes[10]! < 3) return `speaks version ${bytes[10]} of the ZeroMQ protocol, expected 3`;
    const mechanism = latin1(bytes.subarray(12, 32)).replace(/\0+$/, "");
    if (mechanism !== "NULL") return `wants security ${mechanism}: set curve in the options`;
    this.#state = "handshake";
    this.#events.greeted(bytes[10]! > 3 ? 1 : bytes[11]!);
    return undefined;
  }

  /** Reads what is whole from `at` on; returns the place after it, or a refusal. */
  #read(bytes: Uint8Array, start: number): number | string {
    let at = start;
    while (at < bytes.length) {
      const flags = bytes[at]!;
      const size = headerBytes(flags);
      if (bytes.length - at < size) {
        this.#needed = size;
        return at;
      }
      const length = size === 2 ? bytes[at + 1]! : uint64(bytes, at + 1);
      const end = at + size + length;
      const refusal =
        this.#check(flags, length) ??
        (end <= bytes.length ? this.#frame(flags, bytes.subarray(at + size, end)) : undefined);
      if (refusal !== undefined) return refusal;
      if (end > bytes.length) {
        this.#needed = end - at;
        return at;
      }
      at = end;
    }
    this.#needed = 2;
    return at;
  }

  #check(flags: number, length: number): string | undefined {
    const { maxMessageBytes, maxFrames } = this.#limits;
    if (flags > 7 || (flags & COMMAND_OF_MORE) === COMMAND_OF_MORE) return "sent a frame of an unknown kind";
    if (this.#messageBytes + length > maxMessageBytes) return `sent a message longer than ${maxMessageBytes} bytes`;
    return this.#frames.length >= maxFrames ? `sent a message of more than ${maxFrames} frames` : undefined;
  }

  #frame(flags: number, body: Uint8Array): string | undefined {
    if ((flags & FLAG.command) !== 0) return this.#command(body);
    if (this.#state !== "ready") return "sent a message before the handshake";
    this.#frames.push(body);
    this.#messageBytes += body.length;
    if ((flags & FLAG.more) !== 0) return undefined;
    const whole = this.#frames;
    this.#frames = [];
    this.#messageBytes = 0;
    this.#events.message(whole);
    return undefined;
  }

  #command(body: Uint8Array): string | undefined {
    const size = body[0] ?? 0;
    const name = latin1(body.subarray(1, 1 + size));
    const rest = body.subarray(1 + size);
    if (name === "ERROR") return `refused the connection: ${latin1(rest.subarray(1, 200))}`;
    if (name === "PING") this.#events.ping(rest.subarray(2));
    if (name !== "READY" || this.#state !== "handshake") return undefined;
    const type = property(rest, "socket-type");
    if (type !== undefined && !PUBLISHERS.has(type)) return `is a ${type.slice(0, 20)} socket, expected a publisher`;
    this.#state = "ready";
    this.#events.ready();
    return undefined;
  }
}

const GREETING = Buffer.concat([
  Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 1]),
  Buffer.from("NULL".padEnd(20, "\0")),
  Buffer.alloc(32),
]);

/** What a subscriber sends; a publisher says that it is one. */
export const zmtpEncode = {
  greeting: (): Buffer => GREETING,
  ready: (socketType: "SUB" | "PUB" = "SUB"): Buffer => {
    const [name, value] = [Buffer.from("Socket-Type"), Buffer.from(socketType)];
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
