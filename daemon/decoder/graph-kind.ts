import { join } from "node:path";
import type { Decoder } from "../../src/decode/decoder.ts";
import type { Manifest } from "../../src/decode/manifest.ts";
import type { GraphManifest } from "../../src/decode/manifest-graphs.ts";
import { expected, PhospheneError } from "../../src/errors.ts";
import type { Graph } from "./graph.ts";
import { type OpenGraph, opener, type Precision } from "./graphs.ts";
import { REFERENCE, type Way } from "./providers.ts";
import { type DecoderOptions, releaseAll } from "./request.ts";
import { type Shapes, size } from "./shapes.ts";

/** What a graph takes and gives, as the manifest's sizes ask. */
export interface GraphShapes {
  readonly inputs: Shapes;
  readonly outputs: Shapes;
  /** It computes in fp32 also where the others need not: what the evidence is made of. */
  readonly precise?: boolean;
}

/** A manifest of a kind whose bundles are ONNX graphs. */
export type GraphBundleManifest = Manifest & GraphManifest;

/** A kind whose bundles are ONNX graphs: which, of what shapes, and how a picture is made with them. */
export interface GraphKind<M extends GraphBundleManifest> {
  /** Name of a graph -> its shapes, for every graph that this bundle has. The first is run to keep a device awake. */
  shapes(manifest: M): Record<string, GraphShapes>;
  /** The decoder owns the graphs: `dispose` releases them. */
  make(graphs: Readonly<Record<string, Graph>>, manifest: M, options: DecoderOptions): Decoder;
}

/** A graph of a bundle, ready to run. */
export interface OpenedGraph {
  readonly graph: Graph;
  readonly shapes: GraphShapes;
  readonly precision: Precision;
}

/**
 * Opens every graph of a bundle, one after another, as CUDA graphs want it. Throws BUNDLE_GRAPH_MISMATCH that names the graph, or the tensor and
 * both shapes; PROVIDER_UNAVAILABLE or PROVIDER_FAILED when the provider is the reason.
 */
export async function openGraphs<M extends GraphBundleManifest>(
  dir: string,
  manifest: M,
  kind: GraphKind<M>,
  threads: number,
  way: Way = REFERENCE,
  open: OpenGraph = opener(way, threads),
): Promise<Map<string, OpenedGraph>> {
  const wanted = kind.shapes(manifest);
  const extra = Object.keys(manifest.files.graphs).find((name) => !Object.hasOwn(wanted, name));
  if (extra !== undefined)
    throw new PhospheneError("BUNDLE_GRAPH_MISMATCH", expected(`${dir}: graph`, list(wanted), extra));
  const opened = new Map<string, OpenedGraph>();
  try {
    for (const [name, shapes] of Object.entries(wanted)) {
      const { path, precision } = place(manifest, name, shapes, way);
      if (path === undefined)
        throw new PhospheneError("BUNDLE_GRAPH_MISMATCH", expected(`${dir}: graphs`, list(wanted), `no ${name}`));
      const graph = await open(join(dir, path), shapes.inputs, shapes.outputs, precision === "tf32");
      opened.set(name, { graph, shapes, precision });
    }
  } catch (error) {
    await releaseAll([...opened.values()].map(({ graph }) => graph));
    throw error;
  }
  return opened;
}

/** On CUDA the graph that computes in fp16, where the bundle has one. The plain binding cannot switch tf32 off. */
function place({ files }: GraphManifest, name: string, { precise }: GraphShapes, { provider, runner }: Way) {
  const path = files.graphs[name]?.path;
  if (provider !== "cuda") return { path, precision: "fp32" as const };
  if (precise === true) return { path, precision: runner === "bound" ? ("fp32" as const) : ("tf32" as const) };
  const half = files.half?.[name];
  return half === undefined ? { path, precision: "tf32" as const } : { path: half.path, precision: "fp16" as const };
}

/** What the pictures are computed in: the coarsest of all. */
export function coarsest(graphs: ReadonlyMap<string, OpenedGraph>): Precision {
  const all = [...graphs.values()].map(({ precision }) => precision);
  return all.find((each) => each === "fp16") ?? all.find((each) => each === "tf32") ?? "fp32";
}

/** A run of the first graph on zeros. It leaves no trace in the decoder. */
export function warmRun(graphs: ReadonlyMap<string, OpenedGraph>): () => Promise<unknown> {
  const [first] = graphs.values();
  if (first === undefined) return async () => {};
  const { inputs } = first.shapes;
  const zeros = Object.fromEntries(
    Object.entries(inputs).map(([name, shape]) => [name, new Float32Array(size(shape))]),
  );
  return () => first.graph.run(zeros);
}

function list(wanted: Record<string, unknown>): string {
  return `one of ${Object.keys(wanted).join(", ")}`;
}
