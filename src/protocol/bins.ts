/** `bin` fields are little-endian, and so is every platform that JavaScript engines run on: bytes are shared or copied, never swapped. */

/** The memory of `values` as bytes, not copied: only for handing to `encode*`, which copies. */
export function borrowBin(values: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** Float32 values of a `bin` field, copied: the field may lie at any offset. RangeError when the length is not a multiple of 4. */
export function copyFloat32(bin: Uint8Array): Float32Array {
  return new Float32Array(alignedCopy(bin));
}

/** Uint16 values of a `bin` field, copied. RangeError when the length is odd. */
export function copyUint16(bin: Uint8Array): Uint16Array {
  return new Uint16Array(alignedCopy(bin));
}

function alignedCopy(bin: Uint8Array): ArrayBuffer {
  const copy = new Uint8Array(bin.length);
  copy.set(bin);
  return copy.buffer;
}
