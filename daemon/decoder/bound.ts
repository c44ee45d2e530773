import { loadApi } from "./ort/api.ts";
import { BoundGraph } from "./ort/bound-graph.ts";
import { type CudaRuntime, loadCudaRuntime } from "./ort/cuda-runtime.ts";
import { ortLibrary } from "./ort/library.ts";
import { cudaOptions } from "./ort/session.ts";
import type { Provider } from "./providers.ts";
import type { Shapes } from "./shapes.ts";

/** Options of the CUDA provider as frames are made with. EXHAUSTIVE search of convolutions would cost seconds at start. */
export function servingOptions(tf32: boolean): Record<string, string> {
  return {
    device_id: "0",
    enable_cuda_graph: "1",
    use_tf32: tf32 ? "1" : "0",
    cudnn_conv_algo_search: "HEURISTIC",
  };
}

interface Bench {
  /** Options of the CUDA provider. */
  readonly optionsFor?: (tf32: boolean) => Record<string, string>;
  /** The CUDA runtime as it shall be used: a harness leaves out copies to show that it would notice. */
  readonly change?: (runtime: CudaRuntime) => CudaRuntime;
}

/** Opens graphs through the C API; on CUDA throws PROVIDER_UNAVAILABLE when library, driver or device is missing. */
export function openBound(provider: Provider, threads: number, { optionsFor = servingOptions, change }: Bench = {}) {
  const api = loadApi(ortLibrary());
  const probed = provider === "cuda" ? probe(api) : null;
  const runtime = probed && change ? change(probed) : probed;
  return (path: string, inputs: Shapes, outputs: Shapes, tf32: boolean): BoundGraph =>
    BoundGraph.open(api, path, inputs, outputs, { threads, cuda: runtime && { runtime, options: optionsFor(tf32) } });
}

/** Loads the provider before anything else of CUDA, so that the error says what is missing for it. */
function probe(api: ReturnType<typeof loadApi>) {
  api.release("CUDAProviderOptions", cudaOptions(api, servingOptions(true)));
  return loadCudaRuntime();
}
