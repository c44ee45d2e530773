/** Reads one table of a FlatBuffer, never outside its bytes. Layout: https://flatbuffers.dev/internals, little-endian. */
export interface Table {
  /** Whether the field was written; without, its value is the default. */
  has(field: number): boolean;
  uint32(field: number): number | undefined;
  uint64(field: number): bigint | undefined;
  float64(field: number): number | undefined;
  /** Bytes of a vector of elements of `size` bytes, borrowed. Undefined when absent or out of bounds. */
  vector(field: number, size: number): Uint8Array | undefined;
  string(field: number): string | undefined;
}

/** The root table, or undefined when the offsets lead outside. */
export function rootTable(bytes: Uint8Array): Table | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const inside = (at: number, size: number) => Number.isInteger(at) && at >= 0 && at + size <= bytes.length;
  if (!inside(0, 4)) return undefined;
  const table = view.getUint32(0, true);
  if (!inside(table, 4)) return undefined;
  const vtable = table - view.getInt32(table, true);
  if (!inside(vtable, 4)) return undefined;
  const vtableSize = view.getUint16(vtable, true);
  const tableSize = view.getUint16(vtable + 2, true);
  if (vtableSize < 4 || !inside(vtable, vtableSize) || tableSize < 4 || !inside(table, tableSize)) return undefined;

  /** Where the field's `size` bytes lie; undefined when it was not written. */
  const place = (field: number, size: number): number | undefined => {
    const entry = 4 + 2 * field;
    const offset = entry + 2 <= vtableSize ? view.getUint16(vtable + entry, true) : 0;
    return offset >= 4 && offset + size <= tableSize ? table + offset : undefined;
  };
  const scalar = <T>(field: number, size: number, read: (at: number) => T): T | undefined => {
    const at = place(field, size);
    return at === undefined ? undefined : read(at);
  };
  const vector = (field: number, size: number): Uint8Array | undefined => {
    const at = place(field, 4);
    if (at === undefined) return undefined;
    const start = at + view.getUint32(at, true);
    if (!inside(start, 4)) return undefined;
    const length = view.getUint32(start, true) * size;
    return inside(start + 4, length) ? bytes.subarray(start + 4, start + 4 + length) : undefined;
  };
  return {
    has: (field) => place(field, 1) !== undefined,
    uint32: (field) => scalar(field, 4, (at) => view.getUint32(at, true)),
    uint64: (field) => scalar(field, 8, (at) => view.getBigUint64(at, true)),
    float64: (field) => scalar(field, 8, (at) => view.getFloat64(at, true)),
    vector,
    string: (field) => {
      const text = vector(field, 1);
      return text && Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString("utf8");
    },
  };
}
