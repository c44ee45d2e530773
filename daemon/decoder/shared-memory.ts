import { closeSync } from "node:fs";
import { type Argument, functionNamed, type Handle, memoryAt, openLibrary } from "./ort/native.ts";

// Linux, as <sys/mman.h>, <sys/socket.h> and <poll.h> number them.
const MFD_CLOEXEC = 1;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;
const AF_UNIX = 1;
const SOCK_STREAM_CLOEXEC = 1 | 0o2_000_000;
const POLLIN = 1;

type Call = (name: string, result: "i" | "p", letters: string, ...values: Argument[]) => unknown;

function libc(): Call {
  const library = openLibrary("libc.so.6");
  return (name, result, letters, ...values) => functionNamed(library, name, result, letters)(...values);
}

/** An anonymous piece of memory that other processes map by its descriptor. Pages that nobody touches cost nothing. */
export interface SharedMemory {
  readonly fd: number;
  readonly memory: ArrayBuffer;
}

/** null where the system is no Linux with glibc. The mapping lasts as long as the process: a view into memory that is gone would end it. */
export function createMemory(bytes: number): SharedMemory | null {
  if (process.platform !== "linux") return null;
  try {
    return allocate(libc(), bytes);
  } catch {
    return null; // another C library: windows go as messages
  }
}

function allocate(call: Call, bytes: number): SharedMemory | null {
  const fd = Number(call("memfd_create", "i", "si", "phosphene-decoder", MFD_CLOEXEC));
  if (fd < 0) return null;
  const memory = Number(call("ftruncate", "i", "in", fd, bytes)) === 0 ? map(call, fd, bytes) : null;
  if (memory !== null) return { fd, memory };
  closeSync(fd);
  return null;
}

/** The same memory in the process that inherited `fd`; throws when it cannot be mapped. */
export function openMemory(fd: number, bytes: number): ArrayBuffer {
  const memory = map(libc(), fd, bytes);
  if (memory === null) throw new Error(`expected ${bytes} bytes of shared memory behind descriptor ${fd}, got none`);
  return memory;
}

function map(call: Call, fd: number, bytes: number): ArrayBuffer | null {
  const address = call("mmap", "p", "pniiin", null, bytes, PROT_READ_WRITE, MAP_SHARED, fd, 0) as Handle;
  return address === MAP_FAILED ? null : memoryAt(address, bytes);
}

/** Two connected sockets, closed in every process that does not inherit them by name; null when there is none to be had. */
export function socketPair(): [number, number] | null {
  const pair = new Int32Array(new ArrayBuffer(8));
  const result = libc()("socketpair", "i", "iiip", AF_UNIX, SOCK_STREAM_CLOEXEC, 0, pair);
  return Number(result) === 0 ? [pair[0]!, pair[1]!] : null;
}

/** Waits until `fd` can be read (or has ended), `timeoutMs` at most; false when the time is over or a signal came. */
export function readable(fd: number): (timeoutMs: number) => boolean {
  const poll = functionNamed(openLibrary("libc.so.6"), "poll", "i", "pni");
  const entry = new Int32Array(new ArrayBuffer(8));
  return (timeoutMs) => {
    entry[0] = fd;
    entry[1] = POLLIN;
    return Number(poll(entry, 1, timeoutMs)) > 0;
  };
}
