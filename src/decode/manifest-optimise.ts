import { z } from "zod";
import { expected } from "../errors.ts";
import { graphFiles } from "./manifest-graphs.ts";
import { parts } from "./manifest-parts.ts";

const COUNTS = [1, 2, 4, 8, 16, 32, 64] as const;
const count = z.int().positive();
/** Ascending numbers of iterations or runs. */
const ladder = z
  .array(count)
  .min(1)
  .refine((all) => all.every((n, i) => i === 0 || n > all[i - 1]!), "ascending numbers");

const iterate = COUNTS.map((k) => `iterate-${k}` as const);
const guide = COUNTS.map((k) => `guide-${k}` as const);

/** Kind `optimise`: pictures are found by descending on the input of an encoding model (Bauer et al. 2026). */
export const optimiseManifest = z.strictObject({
  ...parts,
  kind: z.literal("optimise"),
  optimise: z.strictObject({
    encoders: count,
    /** Pictures of several descents are averaged, or the gradients of one. */
    ensemble: z.enum(["outputs", "gradients"]),
    /** Pictures that are optimised side by side, and their channels. */
    pictures: count,
    channels: z.union([z.literal(1), z.literal(3)]),
    rate: z.number().positive(),
    warmUp: z.int().nonnegative(),
    smooth: z.number().nonnegative(),
    blur: z.number().nonnegative(),
    /** Iterations that a frame may take, and those that a graph unrolls. */
    ladder: ladder.optional(),
    unrolled: ladder.optional(),
    /** A diffusion prior: runs of the denoiser that a frame may take, gradient steps in each, their pull, time that a frame begins with. */
    prior: z
      .strictObject({ runs: ladder, inner: count, scale: z.number().positive(), again: z.number().positive().max(1) })
      .optional(),
  }),
  files: graphFiles(["judge"], [...iterate, ...guide]),
});

export type OptimiseManifest = Readonly<z.infer<typeof optimiseManifest>>;

/** What a schema cannot say: either a ladder of iterations that its graphs can make up, or a prior; no latents; the evidence is of units apart. */
export function optimiseProblems({ optimise, latents, evidence, readouts }: OptimiseManifest): string[] {
  const { ladder: steps, unrolled, prior } = optimise;
  const problems: string[] = [];
  if (latents.dimension > 0) problems.push(expected("latents.dimension", "0", latents.dimension));
  if (readouts.length > 0) problems.push(expected("readouts", "none", readouts.length));
  if (evidence.units === undefined) problems.push(expected("evidence.units", "the units that are kept out", "none"));
  if ((prior === undefined) !== (steps !== undefined && unrolled !== undefined))
    problems.push(expected("optimise", "ladder and unrolled, or prior", Object.keys(optimise).join(", ")));
  const missing = steps?.find((n) => parcels(n, unrolled ?? []) === null);
  if (missing !== undefined)
    problems.push(expected("optimise.ladder", `sums of unrolled (${unrolled?.join(", ")})`, missing));
  return problems;
}

/** `total` iterations as runs of graphs that unroll some, the longest first; null where they do not add up. */
export function parcels(total: number, unrolled: readonly number[]): number[] | null {
  const runs: number[] = [];
  let left = total;
  for (const k of [...unrolled].sort((a, b) => b - a)) for (; left >= k; left -= k) runs.push(k);
  return left === 0 ? runs : null;
}
