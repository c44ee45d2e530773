import { InferenceSession, Tensor } from "onnxruntime-node";
import { PhospheneError } from "../../src/errors.ts";
import type { Graph } from "./graph.ts";
import type { Provider } from "./providers.ts";
import { checkShapes, type Found, type Shapes } from "./shapes.ts";
import { words } from "./words.ts";

export interface PlainOptions {
  readonly threads: number;
  readonly provider: Provider;
}

/** A graph through onnxruntime-node's own binding, which makes tensors for every run: the reference for `BoundGraph`. */
export async function openPlain(path: string, inputs: Shapes, outputs: Shapes, options: PlainOptions): Promise<Graph> {
  const session = await createSession(path, options);
  checkShapes(path, "input", found(session.inputMetadata), inputs);
  checkShapes(path, "output", found(session.outputMetadata), outputs);
  let released: Promise<void> | null = null;
  return {
    run: async (values) => {
      const feeds: Record<string, Tensor> = {};
      for (const [name, shape] of Object.entries(inputs))
        feeds[name] = new Tensor("float32", values[name]!, [...shape]);
      const results = await session.run(feeds).catch((error: unknown) => {
        throw new PhospheneError("PROVIDER_FAILED", `${path}: ${options.provider}: ${words(error)}`, { cause: error });
      });
      return Object.fromEntries(Object.keys(outputs).map((name) => [name, floats(results[name], path, name)]));
    },
    // The binding throws at a second release.
    release: () => (released ??= session.release()),
  };
}

/** What ONNX Runtime says when the file is at fault: everything else is the provider's. */
const FILE_FAULT = /no such file|doesn't exist|protobuf|INVALID_GRAPH|not implemented|Load model/i;

async function createSession(path: string, { threads, provider }: PlainOptions): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(path, {
      executionProviders: [provider],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: "sequential",
      graphOptimizationLevel: "all",
      logSeverityLevel: 3,
      // D-008: spinning threads take the cores from the acquisition between two frames.
      extra: { session: { intra_op: { allow_spinning: "0" } } },
    });
  } catch (cause) {
    if (provider === "cpu" || FILE_FAULT.test(words(cause)))
      throw new PhospheneError("BUNDLE_GRAPH_MISMATCH", `${path}: expected an ONNX graph, got: ${words(cause)}`, {
        cause,
      });
    throw new PhospheneError("PROVIDER_UNAVAILABLE", `${provider}: ${words(cause)}`, { cause });
  }
}

function found(metadata: readonly InferenceSession.ValueMetadata[]): Found {
  return new Map(metadata.map((each) => [each.name, each.isTensor && each.type === "float32" ? each.shape : null]));
}

function floats(
  tensor: InferenceSession.OnnxValueMapType[string] | undefined,
  path: string,
  name: string,
): Float32Array {
  const data = tensor?.data;
  if (data instanceof Float32Array) return data;
  throw new PhospheneError("DECODER_FAILED", `${path}: output ${name}: expected float32, got ${typeof data}`);
}
