import { join } from "node:path";
import { type DiffusionManifest, FUSED_STEPS } from "../../src/decode/manifest.ts";
import { openBound } from "./bound.ts";
import type { Graph } from "./graph.ts";
import { openPlain } from "./plain-graph.ts";
import { REFERENCE, type Way } from "./providers.ts";
import { readoutShapes } from "./request.ts";
import type { Shapes } from "./shapes.ts";

/** What the network computes in. fp16 and tf32 have mantissas of 10 bits. */
export type Precision = "fp32" | "tf32" | "fp16";

export interface Graphs {
  readonly encode: Graph;
  readonly step: Graph;
  readonly sample: ReadonlyMap<number, Graph>;
  /** `sample` says it of `step` too. */
  readonly precision: { readonly encode: Precision; readonly sample: Precision };
}

/**
 * Loads every graph of a bundle, one after another, as CUDA graphs want it. Throws BUNDLE_GRAPH_MISMATCH that names the tensor and both shapes,
 * PROVIDER_UNAVAILABLE or PROVIDER_FAILED when the provider is the reason.
 */
export async function loadGraphs(
  dir: string,
  manifest: DiffusionManifest,
  threads: number,
  way: Way = REFERENCE,
  open: OpenGraph = opener(way, threads),
): Promise<Graphs> {
  const { units, bins, latents, image } = manifest;
  const { files, precision } = filesFor(manifest, way);
  const picture = [1, image.channels, image.height, image.width];
  const cond = [1, latents.dimension];
  const encoded = { mu: cond, logvar: cond, expected: [1, units.count], ...readoutShapes(manifest) };
  const load = (path: string, inputs: Shapes, outputs: Shapes, tf32: boolean) =>
    open(join(dir, path), inputs, outputs, tf32);
  const encode = await load(files.encode.path, { window: [1, bins.window, units.count] }, encoded, false);
  const weight: Shapes = manifest.guidance === undefined ? {} : { guidance: [1] };
  const step = await load(files.step.path, { x: picture, t: [1], cond, ...weight }, { v: picture }, true);
  const sample = new Map<number, Graph>();
  for (const k of FUSED_STEPS)
    sample.set(k, await load(files.sample[`${k}`].path, { noise: picture, cond, ...weight }, { image: picture }, true));
  return { encode, step, sample, precision };
}

/** On CUDA the sampler's graphs that compute in fp16, where the bundle has them. The plain binding cannot switch tf32 off. */
function filesFor({ files }: DiffusionManifest, { provider, runner }: Way) {
  if (provider !== "cuda") return { files, precision: { encode: "fp32", sample: "fp32" } as const };
  const encode = runner === "bound" ? "fp32" : "tf32";
  if (files.half === undefined) return { files, precision: { encode, sample: "tf32" } as const };
  return { files: { ...files, ...files.half }, precision: { encode, sample: "fp16" } as const };
}

/** Opens one graph; `tf32` says that it may compute in it, where the provider can. */
export type OpenGraph = (path: string, inputs: Shapes, outputs: Shapes, tf32: boolean) => Promise<Graph>;

export function opener({ provider, runner }: Way, threads: number): OpenGraph {
  if (runner === "plain") return (path, inputs, outputs) => openPlain(path, inputs, outputs, { threads, provider });
  const open = openBound(provider, threads);
  return async (path, inputs, outputs, tf32) => open(path, inputs, outputs, tf32);
}
