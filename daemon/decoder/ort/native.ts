import koffi, { type LibraryHandle, type TypeObject } from "koffi";

// Before the first library is loaded: sessions are created on this stack, and koffi's own 1 MiB is too little for graph optimisers.
koffi.config({ sync_stack_size: 8 << 20, async_stack_size: 8 << 20 });

/** An object or memory of a native library: its address, never 0. */
export type Handle = bigint;
/** What a native function may be given. */
export type Argument = Handle | ArrayBufferView | string | number | readonly string[] | null;
export type NativeFunction = (...values: Argument[]) => unknown;

/** p: handle, memory or null; s: C string; i: int; u: unsigned int; n: size_t; l: array of C strings; v: nothing. */
const TYPES = { p: "void *", s: "str", i: "int", u: "uint32_t", n: "size_t", l: "str *", v: "void" } as const;
type Letter = keyof typeof TYPES;

const prototypeOf = (result: Letter, letters: string): TypeObject => koffi.proto(TYPES[result], argumentTypes(letters));
const argumentTypes = (letters: string) => [...letters].map((letter) => TYPES[letter as Letter]);

/** dlopen; throws the loader's own error. A library that the process has already (through onnxruntime-node) is the same one. */
export function openLibrary(path: string): LibraryHandle {
  return koffi.load(path);
}

/** The C library's `errno` after a call that failed. */
export function lastError(): number {
  return koffi.errno();
}

/** A function of a library by its name. */
export function functionNamed(library: LibraryHandle, name: string, result: Letter, letters: string): NativeFunction {
  return library.func(name, TYPES[result], argumentTypes(letters));
}

/** A function by its address. */
export function functionAt(address: Handle, result: Letter, letters: string): NativeFunction {
  return koffi.decode(address, prototypeOf(result, letters));
}

/** `count` pointers that lie one after another at an address. */
export function pointersAt(address: Handle, count: number): Handle[] {
  return koffi.decode(address, "void *", count);
}

/** The C string at an address, copied. */
export function textAt(address: Handle): string {
  return koffi.decode.string(address);
}

/** Where the memory of a view lies. Of an ArrayBuffer of its own: V8 moves small arrays that are allocated without one. */
export function addressOf(view: ArrayBufferView): Handle {
  return koffi.address(view);
}

/** A cell that a native function writes a pointer into. */
export function pointerCell(): BigUint64Array {
  return new BigUint64Array(new ArrayBuffer(8));
}

/** Memory at an address as an ArrayBuffer, not copied: it must stay mapped for as long as anything looks at it. */
export function memoryAt(address: Handle, bytes: number): ArrayBuffer {
  return koffi.view(address, bytes);
}
