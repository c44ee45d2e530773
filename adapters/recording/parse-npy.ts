import { failIn } from "./fail.ts";

/** An array of a .npy file: numbers (64-bit integers as exact doubles) or texts; `shape` as numpy has it. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly numbers: Float64Array;
  readonly texts: readonly string[];
}

type Read = (view: DataView, at: number, little: boolean) => number;
const READ: Readonly<Record<string, Read>> = {
  b1: (view, at) => view.getUint8(at),
  i1: (view, at) => view.getInt8(at),
  u1: (view, at) => view.getUint8(at),
  i2: (view, at, little) => view.getInt16(at, little),
  u2: (view, at, little) => view.getUint16(at, little),
  i4: (view, at, little) => view.getInt32(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  i8: (view, at, little) => Number(view.getBigInt64(at, little)),
  u8: (view, at, little) => Number(view.getBigUint64(at, little)),
  f4: (view, at, little) => view.getFloat32(at, little),
  f8: (view, at, little) => view.getFloat64(at, little),
};
const MOST_TEXT_BYTES = 65_536;

/** Reads a .npy file of versions 1 to 3: numbers, or byte and unicode strings; no structured types, nothing pickled. Throws RECORDING_INVALID. */
export function parseNpy(bytes: Uint8Array, file: string): NpyArray {
  const fail = failIn(file);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isNpy = bytes.length >= 12 && Buffer.from(bytes.subarray(0, 6)).toString("latin1") === "\x93NUMPY";
  if (!isNpy) fail(0, ".npy file", "its magic and a header", `${bytes.length} bytes of something else`);
  const major = view.getUint8(6);
  if (major < 1 || major > 3) fail(6, ".npy version", "1 to 3", major);
  const headerAt = major === 1 ? 10 : 12;
  const dataAt = headerAt + (major === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (dataAt > bytes.length) fail(8, "length of the header", `at most ${bytes.length - headerAt}`, dataAt - headerAt);
  const header = Buffer.from(bytes.subarray(headerAt, dataAt)).toString("latin1");
  const [, order = "", type = "", size = ""] = /'descr': '([<>|=])([a-zA-Z])(\d+)'/.exec(header) ?? [];
  const shape = /'shape': \(([\d, ]*)\)/
    .exec(header)?.[1]
    ?.split(",")
    .filter((part) => part.trim() !== "");
  if (order === "" || shape === undefined || /'fortran_order': True/.test(header))
    return fail(headerAt, ".npy header", "a plain array in C order", header.trim());
  const dims = shape.map(Number);
  const count = dims.reduce((product, length) => product * length, 1);
  const read = READ[`${type}${size}`];
  const itemBytes = type === "U" ? 4 * Number(size) : Number(size);
  const isText = (type === "S" || type === "U") && itemBytes <= MOST_TEXT_BYTES;
  if (read === undefined && !isText)
    return fail(headerAt, "type of the array", "numbers or short strings", type + size);
  if (!Number.isSafeInteger(count) || dataAt + count * itemBytes > bytes.length || (itemBytes === 0 && count > 0))
    return fail(dataAt, "bytes of the array", `${count} x ${itemBytes}`, bytes.length - dataAt);
  if (read === undefined)
    return { shape: dims, numbers: new Float64Array(), texts: texts(bytes, dataAt, count, type, itemBytes) };
  const numbers = new Float64Array(count);
  for (let i = 0; i < count; i++) numbers[i] = read(view, dataAt + i * itemBytes, order !== ">");
  return { shape: dims, numbers, texts: [] };
}

function texts(bytes: Uint8Array, dataAt: number, count: number, type: string, itemBytes: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const raw = Buffer.from(bytes.buffer, bytes.byteOffset + dataAt + i * itemBytes, itemBytes);
    if (type === "S") return raw.toString("utf8").replace(/\0.*$/s, "");
    const codes = Array.from({ length: itemBytes / 4 }, (_, k) => raw.readUInt32LE(4 * k));
    return String.fromCodePoint(...codes.filter((code) => code > 0 && code <= 0x10_ffff));
  });
}
