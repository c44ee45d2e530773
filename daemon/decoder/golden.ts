import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type DiffusionManifest, FUSED_STEPS } from "../../src/decode/manifest.ts";
import { PhospheneError } from "../../src/errors.ts";
import { type Comparison, floats, worstDifference } from "./golden-compare.ts";
import type { Graphs, Precision } from "./graphs.ts";

/** For bundles of a time without it: pictures lie in [-1, 1] and are shown in 256 levels. */
const DEFAULT_HALF_TOLERANCE = 0.05;

const goldenSchema = z.object({
  tolerance: z.number().positive(),
  /** Of step and samplers that compute with mantissas of 10 bits: fp16 and tf32. */
  halfTolerance: z.number().positive().default(DEFAULT_HALF_TOLERANCE),
  cases: z
    .array(
      z.object({
        counts: floats,
        noise: floats,
        guidance: z.number().default(1),
        window: floats,
        mu: floats,
        logvar: floats,
        expected: floats,
        readouts: z.record(z.string(), floats),
        v: z.object({ t: z.number(), out: floats }),
        images: z.object({ "1": floats, "2": floats, "4": floats }),
      }),
    )
    .min(1),
});

export type GoldenCase = z.infer<typeof goldenSchema>["cases"][number];

/** The golden cases of a bundle and the tolerances (largest absolute difference). */
export async function readGolden(
  dir: string,
  manifest: DiffusionManifest,
): Promise<{ tolerance: number; halfTolerance: number; cases: GoldenCase[] }> {
  const path = join(dir, manifest.files.golden.path);
  const parsed = goldenSchema.safeParse(JSON.parse(await readFile(path, "utf8")));
  if (parsed.success) return parsed.data;
  throw new PhospheneError("BUNDLE_GOLDEN_MISMATCH", `${path}: ${parsed.error.issues[0]?.message ?? "not valid"}`);
}

/**
 * Reproduces the golden outputs, each within the tolerance of the precision that it was computed in; throws BUNDLE_GOLDEN_MISMATCH that names
 * the output and the difference. Returns the largest difference.
 */
export async function checkGolden(dir: string, manifest: DiffusionManifest, graphs: Graphs): Promise<number> {
  const { tolerance, halfTolerance, cases } = await readGolden(dir, manifest);
  const compared: Comparison[][] = [];
  for (const golden of cases) {
    const outputs = await reproduce(golden, graphs);
    compared.push(outputs.map((each) => ({ ...each, limit: each.precision === "fp32" ? tolerance : halfTolerance })));
  }
  return worstDifference(dir, compared);
}

type Reproduced = Omit<Comparison, "limit" | "precision"> & { readonly precision: Precision };

async function reproduce(golden: GoldenCase, graphs: Graphs): Promise<Reproduced[]> {
  const { encode, sample } = graphs.precision;
  const encoded = await graphs.encode.run({ window: golden.window });
  const given = { cond: golden.mu, guidance: Float32Array.of(golden.guidance) };
  const { v } = await graphs.step.run({ x: golden.noise, t: Float32Array.of(golden.v.t), ...given });
  const comparisons: Reproduced[] = [
    { name: "mu", got: encoded.mu!, wanted: golden.mu, precision: encode },
    { name: "logvar", got: encoded.logvar!, wanted: golden.logvar, precision: encode },
    { name: "expected", got: encoded.expected!, wanted: golden.expected, precision: encode },
    { name: "v", got: v!, wanted: golden.v.out, precision: sample },
  ];
  for (const [name, wanted] of Object.entries(golden.readouts)) {
    const got = encoded[`readout_${name}`] ?? new Float32Array();
    comparisons.push({ name: `readout ${name}`, got, wanted, precision: encode });
  }
  for (const k of FUSED_STEPS) {
    const { image } = await graphs.sample.get(k)!.run({ noise: golden.noise, ...given });
    comparisons.push({ name: `image at ${k} steps`, got: image!, wanted: golden.images[`${k}`], precision: sample });
  }
  return comparisons;
}
