/**
 * Checks bytes before they are unpacked. msgpackr would otherwise follow its extensions in hostile input: regular
 * expressions, cyclic references, record definitions. Here only plain MessagePack passes: no extensions, string keys,
 * lengths that the bytes can hold, bounded depth.
 */

/** Reason why `bytes` are not exactly one plain MessagePack value nested at most `maxDepth` deep, or null. Never throws. */
export function plainProblem(bytes: Uint8Array, maxDepth: number): string | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const open: Container[] = [];
  let at = 0;
  do {
    if (at >= bytes.length) return `ends after ${bytes.length} bytes inside a value`;
    const item = readItem(view, at);
    if (typeof item === "string") return item;
    const top = open.at(-1);
    if (top?.map && top.left % 2 === 0 && !item.text) return `byte ${at}: expected a string as key`;
    if (top) top.left -= 1;
    at = item.next;
    if (item.next > bytes.length || item.children > bytes.length - at)
      return `byte ${at}: a length beyond the end of the message`;
    if (item.children > 0) open.push({ left: item.children, map: item.map });
    if (open.length > maxDepth) return `nested deeper than ${maxDepth}`;
    while (open.at(-1)?.left === 0) open.pop();
  } while (open.length > 0);
  return at === bytes.length ? null : `${bytes.length - at} bytes after the message`;
}

interface Container {
  /** Values still to come; a map counts keys and values. */
  left: number;
  map: boolean;
}

interface Item {
  next: number;
  children: number;
  map: boolean;
  text: boolean;
}

/** Bytes after the token, for tokens 0xc0 to 0xdf; absent: not plain MessagePack. `8`, `16`, `32`: a length field of so many bits. */
const FIXED: Partial<Record<number, number>> = {
  ...{ 192: 0, 194: 0, 195: 0, 202: 4, 203: 8, 204: 1, 205: 2, 206: 4, 207: 8 },
  ...{ 208: 1, 209: 2, 210: 4, 211: 8 },
};
const COUNTED: Partial<Record<number, { width: 1 | 2 | 4; kind: "bytes" | "text" | "array" | "map" }>> = {
  196: { width: 1, kind: "bytes" },
  197: { width: 2, kind: "bytes" },
  198: { width: 4, kind: "bytes" },
  217: { width: 1, kind: "text" },
  218: { width: 2, kind: "text" },
  219: { width: 4, kind: "text" },
  220: { width: 2, kind: "array" },
  221: { width: 4, kind: "array" },
  222: { width: 2, kind: "map" },
  223: { width: 4, kind: "map" },
};

function readItem(view: DataView, at: number): Item | string {
  const token = view.getUint8(at);
  if (token < 0x80 || token >= 0xe0) return leaf(at + 1);
  if (token < 0x90) return container(at + 1, token - 0x80, true);
  if (token < 0xa0) return container(at + 1, token - 0x90, false);
  if (token < 0xc0) return leaf(at + 1 + token - 0xa0, true);
  const fixed = FIXED[token];
  if (fixed !== undefined) return leaf(at + 1 + fixed);
  return readCounted(view, at, token);
}

function readCounted(view: DataView, at: number, token: number): Item | string {
  const counted = COUNTED[token];
  if (counted === undefined)
    return `byte ${at}: expected plain MessagePack, got an extension (0x${token.toString(16)})`;
  const start = at + 1 + counted.width;
  if (start > view.byteLength) return `ends after ${view.byteLength} bytes inside a value`;
  const length = readLength(view, at + 1, counted.width);
  if (counted.kind === "map" || counted.kind === "array") return container(start, length, counted.kind === "map");
  return leaf(start + length, counted.kind === "text");
}

function readLength(view: DataView, at: number, width: 1 | 2 | 4): number {
  if (width === 1) return view.getUint8(at);
  return width === 2 ? view.getUint16(at) : view.getUint32(at);
}

function leaf(next: number, text = false): Item {
  return { next, children: 0, map: false, text };
}

function container(next: number, length: number, map: boolean): Item {
  return { next, children: map ? 2 * length : length, map, text: false };
}
