import { type Shape, size } from "../shapes.ts";
import type { OrtApi } from "./api.ts";
import type { CudaRuntime } from "./cuda-runtime.ts";
import { addressOf, type Handle } from "./native.ts";
import { ARENA_ALLOCATOR, DEFAULT_MEMORY, DEVICE_ALLOCATOR, FLOAT32 } from "./slots.ts";

/** CUDA and the stream of one session. */
export interface Device {
  readonly runtime: CudaRuntime;
  readonly stream: Handle;
}

/** Memory that is bound to one input or output for as long as its session lives. */
export interface BoundTensor {
  readonly name: string;
  /** On this side. On the CPU it is the very memory that the session reads or writes. */
  readonly host: Float32Array;
  readonly hostAddress: Handle;
  /** On the device; null on the CPU. */
  readonly device: Handle | null;
}

/** Makes tensors of one session; what they need is released with `scope`. */
export function tensorMaker(api: OrtApi, session: Handle, device: Device | null, scope: DisposableStack) {
  const memory =
    device === null
      ? api.make("CreateCpuMemoryInfo", ARENA_ALLOCATOR, DEFAULT_MEMORY)
      : api.make("CreateMemoryInfo", "Cuda", DEVICE_ALLOCATOR, 0, DEFAULT_MEMORY);
  scope.defer(() => api.release("MemoryInfo", memory));
  const binding = api.make("CreateIoBinding", session);
  scope.defer(() => api.release("IoBinding", binding));
  const allocate = device === null ? () => null : deviceAllocator(api, session, memory, scope);
  const make = (side: "BindInput" | "BindOutput", name: string, shape: Shape): BoundTensor => {
    // An ArrayBuffer of its own never moves.
    const host = new Float32Array(new ArrayBuffer(4 * size(shape)));
    const hostAddress = addressOf(host);
    const onDevice = allocate(host.byteLength);
    const dimensions = BigInt64Array.from(shape, BigInt);
    const where = onDevice ?? hostAddress;
    const tensor = [memory, where, host.byteLength, dimensions, shape.length, FLOAT32] as const;
    const value = api.make("CreateTensorWithDataAsOrtValue", ...tensor);
    scope.defer(() => api.release("Value", value));
    api.call(side, binding, name, value);
    return { name, host, hostAddress, device: onDevice };
  };
  return { binding, make };
}

function deviceAllocator(api: OrtApi, session: Handle, memory: Handle, scope: DisposableStack) {
  const allocator = api.make("CreateAllocator", session, memory);
  scope.defer(() => api.release("Allocator", allocator));
  return (bytes: number): Handle => {
    const address = api.make("AllocatorAlloc", allocator, bytes);
    scope.defer(() => api.call("AllocatorFree", allocator, address));
    return address;
  };
}
