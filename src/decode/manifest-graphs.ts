import { z } from "zod";
import { type BundleFile, type Common, file } from "./manifest-parts.ts";

/** What the manifest of a graph bundle says beside the parts: docs/bundle.md, "Graph bundles". */
export interface GraphManifest extends Common {
  readonly kind: string;
  readonly files: {
    readonly graphs: Readonly<Record<string, BundleFile | undefined>>;
    /** The same graphs computing in fp16, for GPUs. */
    readonly half?: Readonly<Record<string, BundleFile | undefined>> | undefined;
    /** Weights that graphs share (ONNX external data). */
    readonly weights?: BundleFile | undefined;
    readonly golden: BundleFile;
  };
}

/**
 * The key `files` of a kind whose bundles are ONNX graphs: `required` are the names of graphs that each bundle has, `optional` those that
 * it may have. Any of them may have a `half`, too.
 */
export function graphFiles<const R extends string, const O extends string = never>(
  required: readonly R[],
  optional: readonly O[] = [],
) {
  const every = Object.fromEntries(required.map((name) => [name, file])) as Record<R, typeof file>;
  const some = <N extends string>(names: readonly N[]) =>
    Object.fromEntries(names.map((name) => [name, file.optional()])) as Record<N, z.ZodOptional<typeof file>>;
  return z.strictObject({
    graphs: z.strictObject({ ...every, ...some(optional) }),
    half: z.strictObject(some([...required, ...optional])).optional(),
    weights: file.optional(),
    golden: file,
  });
}

/** Every file of a graph bundle with its name in the manifest. */
export function graphBundleFiles({ files }: GraphManifest): [string, BundleFile][] {
  const { graphs, half = {}, weights, golden } = files;
  const named = (prefix: string, all: Readonly<Record<string, BundleFile | undefined>>) =>
    Object.entries(all).map(([name, f]) => [`${prefix}.${name}`, f] as const);
  const all = [...named("graphs", graphs), ...named("half", half), ["weights", weights], ["golden", golden]] as const;
  return all.flatMap(([name, f]) => (f === undefined ? [] : [[name, f] satisfies [string, BundleFile]]));
}
