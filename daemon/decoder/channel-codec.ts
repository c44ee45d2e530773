import type { Decoded, DecodeRequest } from "../../src/decode/decoder.ts";
import { ERRORS, type ErrorCode, expected, PhospheneError } from "../../src/errors.ts";
import type { FromDecoder } from "./ipc.ts";

/** A part of the shared memory, seen three ways. */
export interface Area {
  readonly f64: Float64Array;
  readonly f32: Float32Array;
  readonly u8: Uint8Array;
}

export type Answer = Extract<FromDecoder, { type: "decoded" | "failed" }>;

/** `offset` and `bytes` are multiples of 8. */
export function areaOf(memory: ArrayBuffer, offset: number, bytes: number): Area {
  return {
    f64: new Float64Array(memory, offset, bytes / 8),
    f32: new Float32Array(memory, offset, bytes / 4),
    u8: new Uint8Array(memory, offset, bytes),
  };
}

const REQUEST_HEAD = 6;
const ANSWER_HEAD = 13;
const DECODED = 1;
const FAILED = 2;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Throws DECODER_FAILED on a window that does not fit. */
export function checkSize(area: Area, { values, steering }: DecodeRequest): void {
  requireRoom("a window", 8 * (REQUEST_HEAD + steering.length) + values.byteLength, area);
}

/** Float64: id, steps, numbers of steerings and values, guidance (NaN: the decoder's own), whether to reset, the steerings; then the values as float32. */
export function writeRequest(area: Area, id: number, request: DecodeRequest): void {
  checkSize(area, request);
  const { values, steps, steering } = request;
  const start = REQUEST_HEAD + steering.length;
  const { f64, f32 } = area;
  f64[0] = id;
  f64[1] = steps;
  f64[2] = steering.length;
  f64[3] = values.length;
  f64[4] = request.guidance ?? Number.NaN;
  f64[5] = request.reset === true ? 1 : 0;
  for (let i = 0; i < steering.length; i++) f64[REQUEST_HEAD + i] = steering[i]!;
  f32.set(values, 2 * start);
}

/** The values are a view: they hold until the next request is written. Throws DECODER_FAILED on what no request can be. */
export function readRequest({ f64, f32, u8 }: Area): { id: number; request: DecodeRequest } {
  const start = REQUEST_HEAD + length(f64[2], u8);
  const end = 2 * start + length(f64[3], u8);
  if (4 * end > u8.length) throw malformed("a window that fits", 4 * end);
  const steering: number[] = [];
  for (let i = REQUEST_HEAD; i < start; i++) steering.push(f64[i]!);
  const guidance = Number.isNaN(f64[4]) ? null : f64[4]!;
  const values = f32.subarray(2 * start, end);
  return { id: f64[0]!, request: { values, steps: f64[1]!, steering, guidance, reset: f64[5] === 1 } };
}

/** Float64: the head, times of the steps, lengths of the readouts; float32: mu, logvar, expected, readouts; bytes: picture, text. */
export function writeAnswer(area: Area, answer: Answer, names: ReadoutNames): void {
  if (answer.type === "failed") writeFailed(area, answer);
  else writeDecoded(area, answer.id, answer, names);
}

function writeFailed(area: Area, { id, problem }: Extract<Answer, { type: "failed" }>): void {
  const text = encoder.encode(`${problem.code}\n${problem.message}`);
  const bytes = text.subarray(0, area.u8.length - 8 * ANSWER_HEAD);
  area.f64.fill(0, 0, ANSWER_HEAD);
  area.f64[0] = id;
  area.f64[1] = FAILED;
  area.f64[11] = bytes.length;
  area.u8.set(bytes, 8 * ANSWER_HEAD);
}

// Plain loops and indices: this runs once a frame with cold caches, where iterators and callbacks cost as much as the copying.
function writeDecoded(area: Area, id: number, decoded: Decoded, cache: ReadoutNames): void {
  const { image, mu, logvar, expected: explained, readouts, steppedMs } = decoded;
  const names = Object.keys(readouts);
  const text = cache.bytesOf(names);
  const tables = ANSWER_HEAD + steppedMs.length + names.length;
  let numbers = mu.length + logvar.length + explained.length;
  for (let i = 0; i < names.length; i++) numbers += readouts[names[i]!]!.length;
  requireRoom("a picture", 8 * tables + 4 * numbers + image.length + text.length, area);
  const { f64, f32, u8 } = area;
  writeHead(f64, id, decoded, names.length, text.length);
  let word = ANSWER_HEAD;
  for (let i = 0; i < steppedMs.length; i++) f64[word++] = steppedMs[i]!;
  let at = 2 * tables;
  f32.set(mu, at);
  f32.set(logvar, at + mu.length);
  f32.set(explained, at + mu.length + logvar.length);
  at += mu.length + logvar.length + explained.length;
  for (let i = 0; i < names.length; i++) {
    const values = readouts[names[i]!]!;
    f64[word++] = values.length;
    f32.set(values, at);
    at += values.length;
  }
  u8.set(image, 4 * at);
  u8.set(text, 4 * at + image.length);
}

function writeHead(f64: Float64Array, id: number, decoded: Decoded, readouts: number, textBytes: number): void {
  f64[0] = id;
  f64[1] = DECODED;
  f64[2] = decoded.startedMs;
  f64[3] = decoded.encodedMs;
  f64[4] = decoded.synthesisedMs;
  f64[5] = decoded.steppedMs.length;
  f64[6] = decoded.image.length;
  f64[7] = decoded.mu.length;
  f64[8] = decoded.logvar.length;
  f64[9] = decoded.expected.length;
  f64[10] = readouts;
  f64[11] = textBytes;
  f64[12] = decoded.history;
}

/** A copy: it stays when the next answer is written. Throws DECODER_FAILED on what no answer can be. */
export function readAnswer(area: Area, names: ReadoutNames): Answer {
  const id = area.f64[0]!;
  const kind = area.f64[1];
  if (kind === DECODED) return { type: "decoded", id, ...readDecoded(area, names) };
  if (kind === FAILED) return { type: "failed", id, problem: readProblem(area) };
  throw malformed(`kind ${DECODED} or ${FAILED}`, kind);
}

function readProblem({ f64, u8 }: Area) {
  const end = 8 * ANSWER_HEAD + length(f64[11], u8);
  const [code = "", ...message] = decoder.decode(u8.slice(8 * ANSWER_HEAD, Math.min(end, u8.length))).split("\n");
  if (!isErrorCode(code)) throw malformed("a known code", code);
  return { code, message: message.join("\n") };
}

function readDecoded({ f64, u8 }: Area, cache: ReadoutNames): Decoded {
  const steps = length(f64[5], u8);
  const count = length(f64[10], u8);
  const tables = ANSWER_HEAD + steps + count;
  if (8 * tables > u8.length) throw malformed("tables that fit", tables);
  let numbers = 0;
  for (let i = 7; i < 10; i++) numbers += length(f64[i], u8);
  for (let i = tables - count; i < tables; i++) numbers += length(f64[i], u8);
  const floatsEnd = 8 * tables + 4 * numbers;
  const imageEnd = floatsEnd + length(f64[6], u8);
  const total = imageEnd + length(f64[11], u8);
  if (total > u8.length) throw malformed(`at most ${u8.length} bytes`, total);
  const copy = Buffer.allocUnsafeSlow(total);
  copy.set(u8.subarray(0, total));
  let at = 8 * tables;
  const next = (size: number) => {
    const values = new Float32Array(copy.buffer, at, size);
    at += 4 * size;
    return values;
  };
  const [mu, logvar, explained] = [next(f64[7]!), next(f64[8]!), next(f64[9]!)];
  const names = cache.in(copy.subarray(imageEnd), count);
  const readouts: Record<string, Float32Array> = {};
  for (let i = 0; i < count; i++) readouts[names[i]!] = next(f64[tables - count + i]!);
  return {
    image: new Uint8Array(copy.buffer, floatsEnd, imageEnd - floatsEnd),
    ...{ mu, logvar, expected: explained, readouts, history: f64[12]! },
    ...{ startedMs: f64[2]!, encodedMs: f64[3]!, synthesisedMs: f64[4]! },
    steppedMs: Array.from(f64.subarray(ANSWER_HEAD, ANSWER_HEAD + steps)),
  };
}

/** Names of readouts as text between newlines. They are the same in every answer of a bundle, so the last ones are kept. */
export class ReadoutNames {
  #text = "";
  #bytes: Uint8Array = new Uint8Array(0);
  #names: readonly string[] = [];

  bytesOf(names: readonly string[]): Uint8Array {
    const text = names.join("\n");
    if (text !== this.#text) this.#bytes = encoder.encode(text);
    this.#text = text;
    return this.#bytes;
  }

  /** Throws DECODER_FAILED when there are not `count` of them. */
  in(bytes: Uint8Array, count: number): readonly string[] {
    if (!isSame(bytes, this.#bytes)) {
      this.#bytes = new Uint8Array(bytes);
      this.#names = bytes.length === 0 ? [] : decoder.decode(bytes).split("\n");
    }
    if (this.#names.length !== count) throw malformed(`${count} names of readouts`, this.#names.length);
    return this.#names;
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function length(value: number | undefined, { length: most }: Uint8Array): number {
  if (value === undefined || !Number.isInteger(value) || value < 0 || value > most)
    throw malformed(`a length of 0 to ${most}`, value);
  return value;
}

function requireRoom(what: string, bytes: number, { u8 }: Area): void {
  if (bytes > u8.length)
    throw new PhospheneError("DECODER_FAILED", expected(what, `at most ${u8.length} bytes in all`, bytes));
}

function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERRORS, text);
}

function malformed(wanted: string, got: unknown): PhospheneError {
  return new PhospheneError("DECODER_FAILED", expected("decoder channel", wanted, got));
}
