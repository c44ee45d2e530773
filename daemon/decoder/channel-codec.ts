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

const REQUEST_HEAD = 4;
const ANSWER_HEAD = 12;
const DECODED = 1;
const FAILED = 2;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Throws DECODER_FAILED on a window that does not fit. */
export function checkSize(area: Area, { values, steering }: DecodeRequest): void {
  requireRoom("a window", 8 * (REQUEST_HEAD + steering.length) + values.byteLength, area);
}

/** Float64: id, steps, numbers of steerings and values, the steerings; then the values as float32. */
export function writeRequest(area: Area, id: number, request: DecodeRequest): void {
  checkSize(area, request);
  const { values, steps, steering } = request;
  const start = REQUEST_HEAD + steering.length;
  const { f64, f32 } = area;
  f64[0] = id;
  f64[1] = steps;
  f64[2] = steering.length;
  f64[3] = values.length;
  for (let i = 0; i < steering.length; i++) f64[REQUEST_HEAD + i] = steering[i]!;
  f32.set(values, 2 * start);
}

/** The values are a view: they hold until the next request is written. Throws DECODER_FAILED on what no request can be. */
export function readRequest({ f64, f32, u8 }: Area): { id: number; request: DecodeRequest } {
  const [id, steps, groups, count] = f64;
  const start = REQUEST_HEAD + length(groups, u8);
  const end = 2 * start + length(count, u8);
  if (4 * end > u8.length) throw malformed("a window that fits", 4 * end);
  const steering = Array.from(f64.subarray(REQUEST_HEAD, start));
  return { id: id!, request: { values: f32.subarray(2 * start, end), steps: steps!, steering } };
}

/** Float64: the head, times of the steps, lengths of the readouts; float32: mu, logvar, expected, readouts; bytes: picture, text. */
export function writeAnswer(area: Area, answer: Answer): void {
  if (answer.type === "failed") writeFailed(area, answer);
  else writeDecoded(area, answer.id, answer);
}

function writeFailed(area: Area, { id, problem }: Extract<Answer, { type: "failed" }>): void {
  const text = encoder.encode(`${problem.code}\n${problem.message}`);
  const bytes = text.subarray(0, area.u8.length - 8 * ANSWER_HEAD);
  area.f64.set([id, FAILED, 0, 0, 0, 0, 0, 0, 0, 0, 0, bytes.length]);
  area.u8.set(bytes, 8 * ANSWER_HEAD);
}

function writeDecoded(area: Area, id: number, decoded: Decoded): void {
  const { image, mu, logvar, expected: explained, readouts, steppedMs } = decoded;
  const { startedMs, encodedMs, synthesisedMs } = decoded;
  const names = Object.keys(readouts);
  const floats = [mu, logvar, explained, ...names.map((name) => readouts[name]!)];
  const text = encoder.encode(names.join("\n"));
  const tables = ANSWER_HEAD + steppedMs.length + names.length;
  const numbers = floats.reduce((sum, each) => sum + each.length, 0);
  requireRoom("a picture", 8 * tables + 4 * numbers + image.length + text.length, area);
  const { f64, f32, u8 } = area;
  f64.set([id, DECODED, startedMs, encodedMs, synthesisedMs, steppedMs.length, image.length]);
  f64.set([mu.length, logvar.length, explained.length, names.length, text.length], 7);
  f64.set(steppedMs, ANSWER_HEAD);
  for (let i = 0; i < names.length; i++) f64[ANSWER_HEAD + steppedMs.length + i] = floats[3 + i]!.length;
  let at = 2 * tables;
  for (const each of floats) {
    f32.set(each, at);
    at += each.length;
  }
  u8.set(image, 4 * at);
  u8.set(text, 4 * at + image.length);
}

/** A copy: it stays when the next answer is written. Throws DECODER_FAILED on what no answer can be. */
export function readAnswer(area: Area): Answer {
  const [id, kind] = area.f64;
  if (kind === DECODED) return { type: "decoded", id: id!, ...readDecoded(area) };
  if (kind === FAILED) return { type: "failed", id: id!, problem: readProblem(area) };
  throw malformed(`kind ${DECODED} or ${FAILED}`, kind);
}

function readProblem({ f64, u8 }: Area) {
  const end = 8 * ANSWER_HEAD + length(f64[11], u8);
  const [code = "", ...message] = decoder.decode(u8.slice(8 * ANSWER_HEAD, Math.min(end, u8.length))).split("\n");
  if (!isErrorCode(code)) throw malformed("a known code", code);
  return { code, message: message.join("\n") };
}

function readDecoded({ f64, u8 }: Area): Decoded {
  const [, , startedMs, encodedMs, synthesisedMs] = f64;
  const [steps, pixels, mu, logvar, explained, count, textBytes] = Array.from(f64.subarray(5, ANSWER_HEAD), (each) =>
    length(each, u8),
  );
  const tables = ANSWER_HEAD + steps! + count!;
  if (8 * tables > u8.length) throw malformed("tables that fit", tables);
  const sizes = [mu!, logvar!, explained!];
  for (let i = tables - count!; i < tables; i++) sizes.push(length(f64[i], u8));
  const floatsEnd = 8 * tables + 4 * sizes.reduce((sum, size) => sum + size, 0);
  const total = floatsEnd + pixels! + textBytes!;
  if (total > u8.length) throw malformed(`at most ${u8.length} bytes`, total);
  const copy = new Uint8Array(u8.subarray(0, total));
  let at = 8 * tables;
  const floats = sizes.map((size) => {
    const each = new Float32Array(copy.buffer, at, size);
    at += 4 * size;
    return each;
  });
  const names = textBytes === 0 ? [] : decoder.decode(copy.subarray(floatsEnd + pixels!)).split("\n");
  if (names.length !== count) throw malformed(`${count} names of readouts`, names.length);
  return {
    image: copy.subarray(floatsEnd, floatsEnd + pixels!),
    ...{ mu: floats[0]!, logvar: floats[1]!, expected: floats[2]! },
    readouts: Object.fromEntries(names.map((name, i) => [name, floats[3 + i]!])),
    ...{ startedMs: startedMs!, encodedMs: encodedMs!, synthesisedMs: synthesisedMs! },
    steppedMs: Array.from(new Float64Array(copy.buffer, 8 * ANSWER_HEAD, steps)),
  };
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
