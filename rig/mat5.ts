import { inflateSync } from "node:zlib";
import { PhospheneError } from "../src/errors.ts";

/** A variable of a MATLAB level 5 file; numbers and cells are column after column. */
export type MatValue =
  | { readonly kind: "numbers"; readonly dims: readonly number[]; readonly data: ArrayLike<number> }
  | { readonly kind: "chars"; readonly text: string }
  | { readonly kind: "cells"; readonly dims: readonly number[]; readonly cells: readonly MatValue[] }
  /** Fields of the first element: struct arrays of more are not read. */
  | { readonly kind: "struct"; readonly fields: ReadonlyMap<string, MatValue> }
  | { readonly kind: "unsupported"; readonly matClass: number };

const HEADER_BYTES = 128;
/** A compressed variable may not become larger than this. */
const MAX_VARIABLE_BYTES = 64 * 1024 * 1024;
const MAX_DEPTH = 8;
const MI_COMPRESSED = 15;
const MI_MATRIX = 14;

interface Element {
  readonly type: number;
  readonly data: Buffer;
}

/** Reads the variables of a MATLAB level 5 file, compressed or not. Errors: RECORDING_INVALID. Layout: MathWorks "MAT-File Format". */
export function readMat5(bytes: Buffer, name: string): Map<string, MatValue> {
  const fail = (problem: string): never => {
    throw new PhospheneError("RECORDING_INVALID", `${name}: ${problem}`);
  };
  if (bytes.length < HEADER_BYTES || bytes.toString("latin1", 126, 128) !== "IM") {
    fail("expected a little-endian MATLAB level 5 file");
  }
  const variables = new Map<string, MatValue>();
  try {
    for (const element of elements(bytes.subarray(HEADER_BYTES))) {
      const matrix = element.type === MI_COMPRESSED ? inflate(element.data) : element;
      const [variable, value] = readMatrix(matrix, 0);
      variables.set(variable, value);
    }
  } catch (cause) {
    fail(cause instanceof Error ? cause.message : String(cause));
  }
  return variables;
}

function inflate(data: Buffer): Element {
  for (const element of elements(inflateSync(data, { maxOutputLength: MAX_VARIABLE_BYTES }))) return element;
  throw new Error("expected a matrix in a compressed element, got nothing");
}

/** Tag and data one after another; an element of up to 4 bytes can lie inside its tag. */
function* elements(bytes: Buffer): Generator<Element> {
  for (let at = 0; at + 8 <= bytes.length; ) {
    const word = bytes.readUInt32LE(at);
    const small = word >>> 16;
    const type = small > 0 ? word & 0xffff : word;
    const size = small > 0 ? small : bytes.readUInt32LE(at + 4);
    const start = small > 0 ? at + 4 : at + 8;
    if (small > 4 || start + size > bytes.length) throw new Error(`expected ${size} bytes at ${start}, the file ends`);
    yield { type, data: bytes.subarray(start, start + size) };
    // Compressed elements are the only ones without padding to 8 bytes.
    at = small > 0 ? at + 8 : start + (type === MI_COMPRESSED ? size : Math.ceil(size / 8) * 8);
  }
}

function readMatrix(element: Element, depth: number): [name: string, value: MatValue] {
  if (element.type !== MI_MATRIX) throw new Error(`expected a matrix, got element type ${element.type}`);
  if (depth > MAX_DEPTH) throw new Error(`expected at most ${MAX_DEPTH} levels`);
  // An empty matrix is written without any part.
  if (element.data.length === 0) return ["", { kind: "numbers", dims: [0, 0], data: [] }];
  const [flags, dimensions, name, ...parts] = elements(element.data);
  if (!flags || !dimensions || !name || flags.data.length < 8) throw new Error("expected flags, dimensions and a name");
  const dims = Array.from(numbers(dimensions));
  const matClass = flags.data.readUInt8(0);
  return [name.data.toString("latin1"), readValue(matClass, dims, parts, depth)];
}

function readValue(matClass: number, dims: number[], parts: Element[], depth: number): MatValue {
  const [first] = parts;
  const count = dims.reduce((product, size) => product * size, 1);
  if (matClass === 1)
    return { kind: "cells", dims, cells: exactly(count, parts).map((p) => readMatrix(p, depth + 1)[1]) };
  if (matClass === 2) return { kind: "struct", fields: readFields(parts, depth) };
  if (matClass === 4) return { kind: "chars", text: first ? characters(first) : "" };
  // 6 double, 7 single, 8 to 15 integers; stored in the smallest type that holds the values.
  if (matClass < 6 || matClass > 15) return { kind: "unsupported", matClass };
  const data = first ? numbers(first) : [];
  if (data.length !== count) throw new Error(`expected ${count} numbers, got ${data.length}`);
  return { kind: "numbers", dims, data };
}

function readFields(parts: Element[], depth: number): Map<string, MatValue> {
  const [width, names, ...values] = parts;
  const size = width ? (numbers(width)[0] ?? 0) : 0;
  if (!names || size < 1) throw new Error("expected field names of a struct");
  const fields = new Map<string, MatValue>();
  for (let field = 0; field * size < names.data.length; field++) {
    const value = values[field];
    const name = names.data.toString("latin1", field * size, (field + 1) * size).replace(/\0.*$/s, "");
    if (value) fields.set(name, readMatrix(value, depth + 1)[1]);
  }
  return fields;
}

function exactly(count: number, parts: Element[]): Element[] {
  if (parts.length !== count) throw new Error(`expected ${count} cells, got ${parts.length}`);
  return parts;
}

// 16-bit characters are stored as unsigned 16-bit integers (4) or as UTF-16 (17), others as 8 bits.
function characters({ type, data }: Element): string {
  return data.toString(type === 4 || type === 17 ? "utf16le" : "utf8");
}

type Reader = (data: Buffer, at: number) => number;
const READERS: Readonly<Record<number, readonly [bytes: number, read: Reader]>> = {
  1: [1, (data, at) => data.readInt8(at)],
  3: [2, (data, at) => data.readInt16LE(at)],
  4: [2, (data, at) => data.readUInt16LE(at)],
  5: [4, (data, at) => data.readInt32LE(at)],
  6: [4, (data, at) => data.readUInt32LE(at)],
  7: [4, (data, at) => data.readFloatLE(at)],
  9: [8, (data, at) => data.readDoubleLE(at)],
};

function numbers({ type, data }: Element): ArrayLike<number> {
  if (type === 2) return data;
  const reader = READERS[type];
  if (!reader) throw new Error(`expected numbers, got element type ${type}`);
  const [size, read] = reader;
  return Float64Array.from({ length: Math.floor(data.length / size) }, (_, index) => read(data, index * size));
}
