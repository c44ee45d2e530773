import { randomBytes } from "node:crypto";
import { encodeClient } from "../../src/protocol/encode.ts";
import { PROTOCOL } from "../../src/protocol/messages.ts";

const FIN = 0x80;
const MASKED = 0x80;
export const BINARY = 2;
export const PING = 9;
export const PONG = 10;

/** What a client sends to become a WebSocket (RFC 6455, 4.1). */
export function handshake(url: URL): string {
  const lines = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"];
  const key = `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`;
  const head = [`GET ${url.pathname} HTTP/1.1`, `Host: ${url.host}`, ...lines, key];
  return `${[...head, `Sec-WebSocket-Protocol: ${PROTOCOL}`].join("\r\n")}\r\n\r\n`;
}

/** A short message from client to server, masked with zeros: the mask has to be there, what it is matters to nobody here. */
export function clientFrame(opcode: number, payload: Uint8Array): Uint8Array {
  const head = [FIN | opcode, MASKED | payload.length, 0, 0, 0, 0];
  return Uint8Array.from([...head, ...payload]);
}

export const SUBSCRIBE_FRAMES = clientFrame(BINARY, encodeClient("subscribe", { topics: ["frame"] }));

const HEAD_BYTES = 10;
const LONGEST_CONTROL = 125;

/**
 * Reads frames from server to client out of chunks, without keeping what is in them but of pings: counts messages, and hands pings on.
 * Most chunks of a crowd hold nothing but the middle of a picture: those cost a subtraction.
 */
export class FrameCounter {
  readonly #onPing: (payload: Uint8Array) => void;
  readonly #head = Buffer.alloc(HEAD_BYTES + LONGEST_CONTROL);
  #have = 0;
  #left = 0;
  messages = 0;

  constructor(onPing: (payload: Uint8Array) => void) {
    this.#onPing = onPing;
  }

  take(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      const skipped = Math.min(this.#left, chunk.length - at);
      this.#left -= skipped;
      at += skipped;
      if (at < chunk.length) {
        this.#head[this.#have++] = chunk[at++]!;
        this.#begin();
      }
    }
  }

  /** A frame begins as soon as its head is there, a ping when it is there whole. */
  #begin(): void {
    const code = this.#head[1]! & 127;
    const head = code < 126 ? 2 : code === 126 ? 4 : HEAD_BYTES;
    if (this.#have < 2 || this.#have < head) return;
    const opcode = this.#head[0]! & 15;
    const length = head === 2 ? code : head === 4 ? this.#head.readUInt16BE(2) : Number(this.#head.readBigUInt64BE(2));
    if (opcode === PING && this.#have < head + length) return;
    if (opcode === PING) this.#onPing(this.#head.subarray(head, head + length));
    else this.#left = length;
    if (opcode === BINARY) this.messages++;
    this.#have = 0;
  }
}
