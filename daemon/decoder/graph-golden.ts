import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { GraphManifest } from "../../src/decode/manifest-graphs.ts";
import { PhospheneError } from "../../src/errors.ts";
import { describeIssues } from "../../src/issues.ts";
import { type Comparison, floats, worstDifference } from "./golden-compare.ts";
import type { OpenedGraph } from "./graph-kind.ts";
import { type Shapes, size } from "./shapes.ts";

const tensors = z.record(z.string(), floats);
const goldenSchema = z.object({
  tolerance: z.number().positive(),
  /** Of graphs that compute with mantissas of 10 bits: fp16 and tf32. */
  halfTolerance: z.number().positive(),
  cases: z
    .array(z.object({ counts: floats, graphs: z.record(z.string(), z.object({ inputs: tensors, outputs: tensors })) }))
    .min(1),
});

export type GraphGolden = z.infer<typeof goldenSchema>;

/** The golden cases of a graph bundle and the tolerances (largest absolute difference). */
export async function readGraphGolden(dir: string, { files }: GraphManifest): Promise<GraphGolden> {
  const path = join(dir, files.golden.path);
  const value = parseJson(await readFile(path, "utf8"), path);
  const parsed = goldenSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new PhospheneError("BUNDLE_GOLDEN_MISMATCH", `${path}: ${describeIssues(parsed.error.issues, value)[0]}`);
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PhospheneError("BUNDLE_GOLDEN_MISMATCH", `${path}: expected JSON, got ${String(cause)}`, { cause });
  }
}

/**
 * Reproduces the golden outputs of every graph, each within the tolerance of the precision that it was computed in; throws BUNDLE_GOLDEN_MISMATCH
 * that names the output and the difference, or the graph that no case is of. Returns the largest difference.
 */
export async function checkGraphGolden(
  dir: string,
  manifest: GraphManifest,
  graphs: ReadonlyMap<string, OpenedGraph>,
): Promise<number> {
  const { tolerance, halfTolerance, cases } = await readGraphGolden(dir, manifest);
  const unseen = [...graphs.keys()].find((name) => !cases.some((each) => Object.hasOwn(each.graphs, name)));
  if (unseen !== undefined) throw mismatch(dir, `golden cases of ${unseen}: expected at least one, got none`);
  const compared: Comparison[][] = [];
  for (const [i, each] of cases.entries()) {
    const outputs: Comparison[] = [];
    for (const [name, { inputs, outputs: wanted }] of Object.entries(each.graphs)) {
      const opened = graphs.get(name);
      if (opened === undefined) throw mismatch(dir, `case ${i}: expected a graph of the bundle, got ${name}`);
      const { graph, shapes, precision } = opened;
      requireSizes(`${dir}: case ${i}, ${name}: input`, inputs, shapes.inputs);
      requireSizes(`${dir}: case ${i}, ${name}: output`, wanted, shapes.outputs);
      const got = await graph.run(inputs);
      const limit = precision === "fp32" ? tolerance : halfTolerance;
      for (const [output, values] of Object.entries(wanted))
        outputs.push({ name: `${name}.${output}`, got: got[output]!, wanted: values, limit, precision });
    }
    compared.push(outputs);
  }
  return worstDifference(dir, compared);
}

/** All tensors of a graph, none more, each of its size. */
function requireSizes(where: string, given: Record<string, Float32Array>, wanted: Shapes): void {
  for (const name of new Set([...Object.keys(wanted), ...Object.keys(given)])) {
    const shape = Object.hasOwn(wanted, name) ? wanted[name] : undefined;
    const want = shape === undefined ? "none" : `${size(shape)} numbers`;
    const got = Object.hasOwn(given, name) ? `${given[name]!.length} numbers` : "none";
    if (want !== got)
      throw new PhospheneError("BUNDLE_GOLDEN_MISMATCH", `${where} ${name}: expected ${want}, got ${got}`);
  }
}

function mismatch(dir: string, problem: string): PhospheneError {
  return new PhospheneError("BUNDLE_GOLDEN_MISMATCH", `${dir}: ${problem}`);
}
