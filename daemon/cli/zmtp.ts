import { connect, type Socket } from "node:net";

/** What listens on a port, as far as its ZeroMQ handshake says. */
export interface ZmtpPeer {
  /** NULL: open to everybody; CURVE: encrypted, so that no more can be seen. */
  readonly mechanism: string;
  /** PUB, REP, …; empty when the mechanism hides it. */
  readonly socketType: string;
  /** Answer to what was asked. */
  readonly reply: string | null;
}

export interface ZmtpQuestion {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
  /** Text for a REP socket. Without one nothing is sent but the handshake. */
  readonly ask?: string;
}

// ZMTP 3.0 (rfc.zeromq.org/spec/23): a greeting of 64 bytes, a READY command with properties, then messages.
const GREETING_BYTES = 64;
const MOST_BYTES = 65_536;
const MORE = 1;
const LONG = 2;
const COMMAND = 4;

/**
 * Asks a port who it is, by the handshake of ZeroMQ and nothing else: a library would connect for ever and say nothing. Resolves with
 * null when nobody listens or something else than ZeroMQ does.
 */
export function askZmtp(question: ZmtpQuestion): Promise<ZmtpPeer | null> {
  return new Promise((resolve) => {
    const socket = connect(question.port, question.host);
    let bytes = Buffer.alloc(0);
    let said = false;
    const finish = () => {
      socket.destroy();
      resolve(understand(bytes));
    };
    socket.setTimeout(question.timeoutMs, finish);
    socket.on("error", finish).on("close", finish);
    socket.on("connect", () => socket.write(greeting()));
    socket.on("data", (data) => {
      bytes = Buffer.concat([bytes, data]);
      const peer = understand(bytes);
      if (bytes.length > MOST_BYTES || (bytes.length >= GREETING_BYTES && peer === null)) return finish();
      if (peer === null || peer.socketType === "") return;
      if (question.ask === undefined || peer.reply !== null) return finish();
      if (!said) introduce(socket, question.ask);
      said = true;
    });
  });
}

function greeting(): Buffer {
  const bytes = Buffer.alloc(GREETING_BYTES);
  bytes.set([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0]);
  bytes.write("NULL", 12, "latin1");
  return bytes;
}

/** As a REQ socket: READY, then the empty frame and the text. */
function introduce(socket: Socket, text: string): void {
  const property = Buffer.concat([counted("Socket-Type"), Buffer.from([0, 0, 0, 3]), Buffer.from("REQ")]);
  socket.write(frame(COMMAND, Buffer.concat([counted("READY"), property])));
  socket.write(Buffer.concat([frame(MORE, Buffer.alloc(0)), frame(0, Buffer.from(text))]));
}

function counted(name: string): Buffer {
  return Buffer.concat([Buffer.from([name.length]), Buffer.from(name, "latin1")]);
}

function frame(flags: number, body: Buffer): Buffer {
  if (body.length < 256) return Buffer.concat([Buffer.from([flags, body.length]), body]);
  const header = Buffer.alloc(9);
  header[0] = flags | LONG;
  header.writeBigUInt64BE(BigInt(body.length), 1);
  return Buffer.concat([header, body]);
}

/** What the bytes so far say; null while they are no greeting. */
function understand(bytes: Buffer): ZmtpPeer | null {
  if (bytes.length < GREETING_BYTES || bytes[0] !== 0xff || bytes[9] !== 0x7f || bytes[10]! < 3) return null;
  const mechanism = bytes.toString("latin1", 12, 32).replace(/\0.*$/s, "");
  let socketType = "";
  let reply: string | null = null;
  for (const { flags, body } of frames(bytes.subarray(GREETING_BYTES))) {
    if (flags & COMMAND) socketType ||= socketTypeOf(body);
    else if (!(flags & MORE)) reply = body.toString("utf8").replace(/\0+$/, "");
  }
  return { mechanism, socketType, reply };
}

function* frames(bytes: Buffer): Generator<{ flags: number; body: Buffer }> {
  for (let at = 0; at + 2 <= bytes.length; ) {
    const flags = bytes[at]!;
    const isLong = (flags & LONG) !== 0;
    if (isLong && at + 9 > bytes.length) return;
    const length = isLong ? Number(bytes.readBigUInt64BE(at + 1)) : bytes[at + 1]!;
    const start = at + (isLong ? 9 : 2);
    if (length > bytes.length - start) return;
    yield { flags, body: bytes.subarray(start, start + length) };
    at = start + length;
  }
}

/** Property Socket-Type of a READY command. */
function socketTypeOf(body: Buffer): string {
  const at = body.indexOf("Socket-Type", 0, "latin1");
  if (at < 0 || at + 15 > body.length) return "";
  const length = body.readUInt32BE(at + 11);
  return body.toString("latin1", at + 15, at + 15 + Math.min(length, 16));
}
