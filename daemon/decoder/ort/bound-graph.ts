import { expected, PhospheneError } from "../../../src/errors.ts";
import type { Graph } from "../graph.ts";
import { checkShapes, type Shapes } from "../shapes.ts";
import type { OrtApi } from "./api.ts";
import { type BoundTensor, type Device, tensorMaker } from "./bound-tensor.ts";
import type { CudaRuntime } from "./cuda-runtime.ts";
import type { Handle } from "./native.ts";
import { createSession, tensorsOf } from "./session.ts";

export interface BoundOptions {
  readonly threads: number;
  /** null is the CPU. */
  readonly cuda: { readonly runtime: CudaRuntime; readonly options: Readonly<Record<string, string>> } | null;
}

/**
 * A session whose inputs and outputs are bound once, to memory that never moves: a run is copies and one call, on CUDA the replay of a CUDA graph
 * on a stream of its own. All of it happens on the thread that calls, which must always be the same: ONNX Runtime captures per thread.
 * While one captures (at its first run), no other may work: open and warm up one after another.
 */
export class BoundGraph implements Graph {
  readonly #api: OrtApi;
  readonly #path: string;
  readonly #device: Device | null;
  readonly #run: readonly [session: Handle, options: Handle, binding: Handle];
  readonly #inputs: readonly BoundTensor[];
  readonly #outputs: readonly BoundTensor[];
  readonly #scope: DisposableStack;

  private constructor(api: OrtApi, path: string, inputs: Shapes, outputs: Shapes, { threads, cuda }: BoundOptions) {
    // What was made before something failed is released; what works is released in `release`, in reverse order.
    using scope = new DisposableStack();
    const stream = cuda?.runtime.makeStream();
    const device = cuda && stream !== undefined ? { runtime: cuda.runtime, stream } : null;
    if (device) scope.defer(() => device.runtime.destroyStream(device.stream));
    const provider = device && { options: cuda!.options, stream: device.stream };
    const session = createSession(api, path, { threads, cuda: provider });
    scope.defer(() => api.release("Session", session));
    checkShapes(path, "input", tensorsOf(api, session, "input"), inputs);
    checkShapes(path, "output", tensorsOf(api, session, "output"), outputs);
    const runOptions = api.make("CreateRunOptions");
    scope.defer(() => api.release("RunOptions", runOptions));
    const { binding, make } = tensorMaker(api, session, device, scope);
    this.#inputs = Object.entries(inputs).map(([name, shape]) => make("BindInput", name, shape));
    this.#outputs = Object.entries(outputs).map(([name, shape]) => make("BindOutput", name, shape));
    this.#api = api;
    this.#path = path;
    this.#device = device;
    this.#run = [session, runOptions, binding];
    this.#scope = scope.move();
  }

  /** Throws BUNDLE_GRAPH_MISMATCH for a file that is no such graph, PROVIDER_UNAVAILABLE or PROVIDER_FAILED when the provider is the reason. */
  static open(api: OrtApi, path: string, inputs: Shapes, outputs: Shapes, options: BoundOptions): BoundGraph {
    return new BoundGraph(api, path, inputs, outputs, options);
  }

  /** Inputs that the graph does not have are left out, as with the plain binding. The arrays that come back are the caller's. */
  async run(values: Record<string, Float32Array>): Promise<Record<string, Float32Array>> {
    if (this.#scope.disposed) throw this.#problem("expected a graph in use, got one that was released");
    for (const { name, host } of this.#inputs)
      if (values[name]?.length !== host.length)
        throw this.#problem(expected(`input ${name}`, `${host.length} numbers`, values[name]?.length ?? "nothing"));
    for (const { name, host } of this.#inputs) host.set(values[name]!);
    this.#upload();
    this.#api.call("RunWithBinding", ...this.#run);
    this.#download();
    return Object.fromEntries(this.#outputs.map(({ name, host }) => [name, host.slice()]));
  }

  /** Every native object once; a second call does nothing. */
  async release(): Promise<void> {
    this.#scope.dispose();
  }

  #upload(): void {
    if (this.#device === null) return;
    const { runtime, stream } = this.#device;
    for (const { device, hostAddress, host } of this.#inputs)
      runtime.upload(device!, hostAddress, host.byteLength, stream);
  }

  #download(): void {
    if (this.#device === null) return;
    const { runtime, stream } = this.#device;
    for (const { device, hostAddress, host } of this.#outputs)
      runtime.download(hostAddress, device!, host.byteLength, stream);
    runtime.wait(stream);
  }

  #problem(text: string): PhospheneError {
    return new PhospheneError("DECODER_FAILED", `${this.#path}: ${text}`);
  }
}
