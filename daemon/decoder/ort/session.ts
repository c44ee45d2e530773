import { PhospheneError } from "../../../src/errors.ts";
import type { Found, Shape } from "../shapes.ts";
import { words } from "../words.ts";
import type { OrtApi } from "./api.ts";
import { type Handle, textAt } from "./native.ts";
import { FLOAT32, LOG_ERRORS, OPTIMISE_ALL } from "./slots.ts";

export interface SessionOptions {
  readonly threads: number;
  /** The CUDA provider's options and the stream that it shall work on; null is the CPU. */
  readonly cuda: { readonly options: Readonly<Record<string, string>>; readonly stream: Handle } | null;
}

/** Loads an ONNX file. Throws BUNDLE_GRAPH_MISMATCH when the file is at fault, PROVIDER_UNAVAILABLE or PROVIDER_FAILED when the provider is. */
export function createSession(api: OrtApi, path: string, { threads, cuda }: SessionOptions): Handle {
  using scope = new DisposableStack();
  const options = api.make("CreateSessionOptions");
  scope.defer(() => api.release("SessionOptions", options));
  api.call("SetSessionLogSeverityLevel", options, LOG_ERRORS);
  api.call("SetSessionGraphOptimizationLevel", options, OPTIMISE_ALL);
  api.call("SetIntraOpNumThreads", options, threads);
  api.call("SetInterOpNumThreads", options, 1);
  // D-008: spinning threads take the cores from the acquisition between two frames.
  api.call("AddSessionConfigEntry", options, "session.intra_op.allow_spinning", "0");
  if (cuda !== null) {
    const provider = cudaOptions(api, cuda.options);
    scope.defer(() => api.release("CUDAProviderOptions", provider));
    api.call("UpdateCUDAProviderOptionsWithValue", provider, "user_compute_stream", cuda.stream);
    api.call("SessionOptionsAppendExecutionProvider_CUDA_V2", options, provider);
  }
  try {
    return api.make("CreateSession", api.env, path, options);
  } catch (error) {
    if (!(error instanceof PhospheneError)) throw error;
    throw new PhospheneError(error.code, `${path}: expected an ONNX graph, got: ${words(error)}`, { cause: error });
  }
}

/**
 * Options of the CUDA provider: the caller releases them. The first call that loads the provider and looks for the device, and so the probe:
 * throws PROVIDER_UNAVAILABLE with what is missing.
 */
export function cudaOptions(api: OrtApi, options: Readonly<Record<string, string>>): Handle {
  const provider = api.make("CreateCUDAProviderOptions");
  try {
    api.call(
      "UpdateCUDAProviderOptions",
      provider,
      Object.keys(options),
      Object.values(options),
      Object.keys(options).length,
    );
    return provider;
  } catch (error) {
    api.release("CUDAProviderOptions", provider);
    // Of a page of file names and line numbers, what the loader itself said.
    const said = /with error: (.+)/.exec(words(error))?.[1] ?? words(error);
    const text = `cuda: expected a provider that loads, got: ${said}`;
    throw new PhospheneError("PROVIDER_UNAVAILABLE", text, { cause: error });
  }
}

const SIDES = {
  input: ["SessionGetInputCount", "SessionGetInputName", "SessionGetInputTypeInfo"],
  output: ["SessionGetOutputCount", "SessionGetOutputName", "SessionGetOutputTypeInfo"],
} as const;

/** What a session takes or gives; null where it is no float32 tensor. Dimensions of no fixed size are -1. */
export function tensorsOf(api: OrtApi, session: Handle, side: keyof typeof SIDES): Found {
  const [count, name, typeInfo] = SIDES[side];
  const allocator = api.make("GetAllocatorWithDefaultOptions"); // the runtime's own: not ours to release
  const found = new Map<string, Shape | null>();
  for (let i = 0; i < readCount(api, count, session); i++) {
    const text = api.make(name, session, i, allocator);
    const info = api.make(typeInfo, session, i);
    try {
      found.set(textAt(text), floatShape(api, info));
    } finally {
      api.release("TypeInfo", info);
      api.call("AllocatorFree", allocator, text);
    }
  }
  return found;
}

function readCount(api: OrtApi, name: "SessionGetInputCount" | "SessionGetOutputCount", session: Handle): number {
  return Number(api.make(name, session)); // a size_t is as wide as a pointer
}

/** The tensor's part of a type info belongs to it and is not released. */
function floatShape(api: OrtApi, info: Handle): Shape | null {
  const tensor = api.make("CastTypeInfoToTensorInfo", info);
  if (tensor === 0n) return null;
  const type = new Int32Array(new ArrayBuffer(4));
  api.call("GetTensorElementType", tensor, type);
  if (type[0] !== FLOAT32) return null;
  const rank = Number(api.make("GetDimensionsCount", tensor));
  const dimensions = new BigInt64Array(new ArrayBuffer(8 * rank));
  api.call("GetDimensions", tensor, dimensions, rank);
  return Array.from(dimensions, Number);
}
