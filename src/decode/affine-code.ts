// The inner loop of a linear decoder as a WebAssembly function, written down instruction by instruction: JavaScript has no SIMD.
// Opcodes: WebAssembly 2.0, https://webassembly.github.io/spec/core/binary/instructions.html

/** Rows whose sums are in flight together: four vectors of four. */
export const ROWS = 16;
const VECTORS = ROWS / 4;
const VECTOR_BYTES = 16;

const I32 = 0x7f;
const V128 = 0x7b;
const LOOP = [0x03, 0x40];
const END = [0x0b];
const I32_ADD = [0x6a];
const I32_LESS_UNSIGNED = [0x49];
const REPEAT_IF = [0x0d, 0x00];
const F32X4_ADD = simd(0xe4);
const F32X4_MUL = simd(0xe6);

/** Numbers of the parameters (byte addresses) and of the locals after them. */
const [WEIGHTS, BIAS, X, OUT, OUT_END, X_END, AT, VALUE, SUMS] = [0, 1, 2, 3, 4, 5, 6, 7, 8];

const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const load = (offset: number) => [...simd(0x00), 4, ...leb(offset)];
const loadSplat = [...simd(0x09), 2, 0];
const store = (offset: number) => [...simd(0x0b), 4, ...leb(offset)];
const advance = (local: number, bytes: number) => [...get(local), 0x41, ...signedLeb(bytes), ...I32_ADD, ...set(local)];
const eachVector = (code: (vector: number) => number[]) => Array.from({ length: VECTORS }, (_, i) => code(i)).flat();

/**
 * A module that imports memory `env.memory` and exports `apply(weights, bias, x, out, outEnd, xEnd)`: out = weights x + bias. Weights lie in
 * blocks of ROWS rows, column by column, so that they are read once, one after the other. Every sum is one lane: it runs over the
 * columns in order, in float32.
 */
export function affineCode(): Uint8Array<ArrayBuffer> {
  const column = [
    ...[...get(AT), ...loadSplat, ...set(VALUE)],
    ...eachVector((i) => [
      ...[...get(SUMS + i), ...get(WEIGHTS), ...load(VECTOR_BYTES * i)],
      ...[...get(VALUE), ...F32X4_MUL, ...F32X4_ADD, ...set(SUMS + i)],
    ]),
    ...[...advance(WEIGHTS, 4 * ROWS), ...advance(AT, 4)],
    ...[...get(AT), ...get(X_END), ...I32_LESS_UNSIGNED, ...REPEAT_IF],
  ];
  const block = [
    ...eachVector((i) => [...get(BIAS), ...load(VECTOR_BYTES * i), ...set(SUMS + i)]),
    ...[...get(X), ...set(AT)],
    ...[...LOOP, ...column, ...END],
    ...eachVector((i) => [...get(OUT), ...get(SUMS + i), ...store(VECTOR_BYTES * i)]),
    ...[...advance(BIAS, 4 * ROWS), ...advance(OUT, 4 * ROWS)],
    ...[...get(OUT), ...get(OUT_END), ...I32_LESS_UNSIGNED, ...REPEAT_IF],
  ];
  const locals = [2, 1, I32, 1 + VECTORS, V128];
  return assemble([...locals, ...LOOP, ...block, ...END, ...END]);
}

/** A module around the body of one function of six addresses. */
function assemble(body: readonly number[]): Uint8Array<ArrayBuffer> {
  const type = [1, 0x60, 6, I32, I32, I32, I32, I32, I32, 0];
  const memory = [1, ...text("env"), ...text("memory"), 2, 0, 1];
  const exported = [1, ...text("apply"), 0, 0];
  return Uint8Array.from([
    ...[0x00, ...bytes("asm"), 1, 0, 0, 0],
    ...section(1, type),
    ...section(2, memory),
    ...section(3, [1, 0]),
    ...section(7, exported),
    ...section(10, [1, ...leb(body.length), ...body]),
  ]);
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...leb(content.length), ...content];
}

function bytes(ascii: string): number[] {
  return [...ascii].map((letter) => letter.charCodeAt(0));
}

function text(ascii: string): number[] {
  return [ascii.length, ...bytes(ascii)];
}

function simd(opcode: number): number[] {
  return [0xfd, ...leb(opcode)];
}

/** LEB128 of what is not negative, as an unsigned and as a signed number (whose last byte has its sign in bit 6). */
function leb(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >> 7)];
}

function signedLeb(value: number): number[] {
  return value < 64 ? [value] : [(value & 127) | 128, ...signedLeb(value >> 7)];
}
