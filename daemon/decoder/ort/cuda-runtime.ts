import { PhospheneError } from "../../../src/errors.ts";
import { words } from "../words.ts";
import { type Argument, functionNamed, type Handle, openLibrary, pointerCell } from "./native.ts";

/** The runtime library of the CUDA versions that providers are built for, newest first. */
const LIBRARIES = ["libcudart.so.13", "libcudart.so.12"];
/** cudaStreamNonBlocking: no waiting for the legacy default stream. */
const NON_BLOCKING = 1;
/** cudaMemcpyKind */
const HOST_TO_DEVICE = 1;
const DEVICE_TO_HOST = 2;

/** What copying needs of the CUDA runtime. Every call throws PROVIDER_FAILED with CUDA's own words. */
export interface CudaRuntime {
  makeStream(): Handle;
  destroyStream(stream: Handle): void;
  /** Both are queued on the stream; the host memory is read or written until `wait` returns. */
  upload(device: Handle, host: Handle, bytes: number, stream: Handle): void;
  download(host: Handle, device: Handle, bytes: number, stream: Handle): void;
  wait(stream: Handle): void;
}

/** Loads the CUDA runtime; throws PROVIDER_UNAVAILABLE with what was tried. */
export function loadCudaRuntime(libraries: readonly string[] = LIBRARIES): CudaRuntime {
  const { library, name } = openFirst(libraries);
  const describe = functionNamed(library, "cudaGetErrorString", "s", "i");
  const bind = (call: string, letters: string) => {
    const native = functionNamed(library, call, "i", letters);
    return (...values: Argument[]) => {
      const error = Number(native(...values));
      if (error !== 0)
        throw new PhospheneError("PROVIDER_FAILED", `${name}: ${call}: cudaError ${error}, ${String(describe(error))}`);
    };
  };
  const create = bind("cudaStreamCreateWithFlags", "pu");
  const copy = bind("cudaMemcpyAsync", "ppnip");
  return {
    makeStream: () => {
      const cell = pointerCell();
      create(cell, NON_BLOCKING);
      return cell[0]!;
    },
    destroyStream: bind("cudaStreamDestroy", "p"),
    upload: (device, host, bytes, stream) => copy(device, host, bytes, HOST_TO_DEVICE, stream),
    download: (host, device, bytes, stream) => copy(host, device, bytes, DEVICE_TO_HOST, stream),
    wait: bind("cudaStreamSynchronize", "p"),
  };
}

function openFirst(libraries: readonly string[]) {
  const problems: string[] = [];
  for (const name of libraries)
    try {
      return { library: openLibrary(name), name };
    } catch (error) {
      problems.push(`${name}: ${words(error)}`);
    }
  throw new PhospheneError("PROVIDER_UNAVAILABLE", `the CUDA runtime does not load: ${problems.join("; ")}`);
}
