import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { type DiffusionManifest, FUSED_STEPS } from "../../src/decode/manifest.ts";
import { PhospheneError } from "../../src/errors.ts";

/** A loaded ONNX graph whose inputs and outputs were checked. Arrays in, arrays out; shapes are fixed by the manifest. */
export interface Graph {
  run(inputs: Record<string, Float32Array>): Promise<Record<string, Float32Array>>;
  release(): Promise<void>;
}

type Shapes = Record<string, readonly number[]>;

export interface Graphs {
  readonly encode: Graph;
  readonly step: Graph;
  readonly sample: ReadonlyMap<number, Graph>;
}

/** Loads every graph of a bundle on the CPU provider; throws BUNDLE_GRAPH_MISMATCH that names the tensor and both shapes. */
export async function loadGraphs(dir: string, manifest: DiffusionManifest, threads: number): Promise<Graphs> {
  const { units, bins, latents, image, readouts, files } = manifest;
  const picture = [1, image.channels, image.height, image.width];
  const cond = [1, latents.dimension];
  const encoded: Shapes = { mu: cond, logvar: cond, expected: [1, units.count] };
  for (const { name, labels } of readouts) encoded[`readout_${name}`] = [1, labels.length];
  const load = (path: string, inputs: Shapes, outputs: Shapes) => loadGraph(join(dir, path), threads, inputs, outputs);
  const encode = await load(files.encode.path, { window: [1, bins.window, units.count] }, encoded);
  const weight: Shapes = manifest.guidance === undefined ? {} : { guidance: [1] };
  const step = await load(files.step.path, { x: picture, t: [1], cond, ...weight }, { v: picture });
  const sample = new Map<number, Graph>();
  for (const k of FUSED_STEPS)
    sample.set(k, await load(files.sample[`${k}`].path, { noise: picture, cond, ...weight }, { image: picture }));
  return { encode, step, sample };
}

async function loadGraph(path: string, threads: number, inputs: Shapes, outputs: Shapes): Promise<Graph> {
  const session = await createSession(path, threads);
  checkShapes(path, "input", session.inputMetadata, inputs);
  checkShapes(path, "output", session.outputMetadata, outputs);
  return {
    run: async (values) => {
      const feeds: Record<string, Tensor> = {};
      for (const [name, shape] of Object.entries(inputs))
        feeds[name] = new Tensor("float32", values[name]!, [...shape]);
      const results = await session.run(feeds);
      return Object.fromEntries(Object.keys(outputs).map((name) => [name, floats(results[name], path, name)]));
    },
    release: () => session.release(),
  };
}

async function createSession(path: string, threads: number): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(path, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: "sequential",
      graphOptimizationLevel: "all",
      logSeverityLevel: 3,
      // Spinning threads take the cores from the acquisition between two frames, and halve the speed when cores are shared.
      extra: { session: { intra_op: { allow_spinning: "0" } } },
    });
  } catch (cause) {
    throw new PhospheneError("BUNDLE_GRAPH_MISMATCH", `${path}: expected an ONNX graph, got ${String(cause)}`, {
      cause,
    });
  }
}

function checkShapes(
  path: string,
  side: "input" | "output",
  metadata: readonly InferenceSession.ValueMetadata[],
  wanted: Shapes,
): void {
  const show = (shape: readonly unknown[] | undefined) => (shape === undefined ? "none" : `[${shape.join(", ")}]`);
  const got = new Map(metadata.map((value) => [value.name, value.isTensor ? value.shape : []]));
  for (const name of new Set([...Object.keys(wanted), ...got.keys()])) {
    if (show(wanted[name]) !== show(got.get(name)))
      throw new PhospheneError(
        "BUNDLE_GRAPH_MISMATCH",
        `${path}: ${side} ${name}: expected shape ${show(wanted[name])}, got ${show(got.get(name))}`,
      );
  }
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
