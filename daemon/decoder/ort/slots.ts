/**
 * The functions of ONNX Runtime's C API that we call: slot in `struct OrtApi` (taken with offsetof from the header of API 29; slots never move
 * between versions) and arguments. p: handle, memory or null; s: C string; i: int; n: size_t; l: array of C strings. All return OrtStatus *.
 */
export const CALLS = {
  CreateEnv: [3, "isp"],
  CreateSession: [7, "pspp"],
  CreateSessionOptions: [10, "p"],
  SetSessionLogSeverityLevel: [22, "pi"],
  SetSessionGraphOptimizationLevel: [23, "pi"],
  SetIntraOpNumThreads: [24, "pi"],
  SetInterOpNumThreads: [25, "pi"],
  SessionGetInputCount: [30, "pp"],
  SessionGetOutputCount: [31, "pp"],
  SessionGetInputTypeInfo: [33, "pnp"],
  SessionGetOutputTypeInfo: [34, "pnp"],
  SessionGetInputName: [36, "pnpp"],
  SessionGetOutputName: [37, "pnpp"],
  CreateRunOptions: [39, "p"],
  CreateTensorWithDataAsOrtValue: [49, "ppnpnip"],
  CastTypeInfoToTensorInfo: [55, "pp"],
  GetTensorElementType: [60, "pp"],
  GetDimensionsCount: [61, "pp"],
  GetDimensions: [62, "ppn"],
  CreateMemoryInfo: [68, "siiip"],
  CreateCpuMemoryInfo: [69, "iip"],
  AllocatorAlloc: [75, "pnp"],
  AllocatorFree: [76, "pp"],
  GetAllocatorWithDefaultOptions: [78, "p"],
  AddSessionConfigEntry: [130, "pss"],
  CreateAllocator: [131, "ppp"],
  RunWithBinding: [133, "ppp"],
  CreateIoBinding: [134, "pp"],
  BindInput: [136, "psp"],
  BindOutput: [137, "psp"],
  SessionOptionsAppendExecutionProvider_CUDA_V2: [204, "pp"],
  CreateCUDAProviderOptions: [205, "p"],
  UpdateCUDAProviderOptions: [206, "plln"],
  UpdateCUDAProviderOptionsWithValue: [263, "psp"],
} as const satisfies Record<string, readonly [slot: number, letters: string]>;

/** Slots of `ReleaseX(OrtX *)`; they return nothing. */
export const RELEASES = {
  MemoryInfo: 94,
  Session: 95,
  Value: 96,
  RunOptions: 97,
  TypeInfo: 98,
  SessionOptions: 100,
  Allocator: 132,
  IoBinding: 135,
  CUDAProviderOptions: 208,
} as const;

/** What it takes to read an OrtStatus, and to let go of it. */
export const STATUS = { GetErrorCode: 1, GetErrorMessage: 2, ReleaseStatus: 93 } as const;

/** The version that the slots are of: what OrtApiBase's GetApi is asked for. */
export const API_VERSION = 29;
/** ONNXTensorElementDataType */
export const FLOAT32 = 1;
/** GraphOptimizationLevel: ORT_ENABLE_ALL */
export const OPTIMISE_ALL = 99;
/** OrtLoggingLevel: ORT_LOGGING_LEVEL_ERROR */
export const LOG_ERRORS = 3;
/** OrtAllocatorType and OrtMemType of CreateMemoryInfo. */
export const DEVICE_ALLOCATOR = 0;
export const ARENA_ALLOCATOR = 1;
export const DEFAULT_MEMORY = 0;
/** OrtErrorCode: the model's fault and not the machine's (no such file, no model, not protobuf, not implemented, not a graph). */
export const MODEL_FAULTS: readonly number[] = [3, 4, 7, 9, 10];
