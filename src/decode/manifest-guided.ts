import { z } from "zod";
import { expected } from "../errors.ts";
import { schedule } from "./manifest-diffusion.ts";
import { graphFiles } from "./manifest-graphs.ts";
import { guidance, parts } from "./manifest-parts.ts";

/** Kind `guided`: pictures edited by latent group under mutual information, by a few-step student and, where its graphs are there, exactly. */
export const guidedManifest = z.strictObject({
  ...parts,
  kind: z.literal("guided"),
  schedule,
  /** The student was taught shifts of a group up to this, either way; a larger one counts as this. */
  gamma: z.strictObject({ largest: z.number().positive() }),
  /** Of eta. */
  guidance: guidance.unwrap(),
  /** The exact way: time to which a picture is inverted, how often a step of that is taken again, steps each way, ascending. */
  exact: z
    .strictObject({
      deepest: z.number().positive().max(0.99),
      refine: z.int().min(0).max(8),
      ladder: z.array(z.int().min(5).max(64)).min(1),
      /** Which latents the prior knows: those of groups that are not shifted, or none. */
      knows: z.enum(["others", "none"]),
      /** Which groups guidance looks at: all, the others held where the spikes have them, or those that are shifted. */
      guides: z.enum(["all", "shifted"]),
    })
    .optional(),
  files: graphFiles(["encode", "sample-1", "sample-2", "sample-4"], ["denoise", "guide"]),
});

export type GuidedManifest = Readonly<z.infer<typeof guidedManifest>>;

/** The exact way and its graphs come together, and its steps ascend. */
export function guidedProblems({ exact, files }: GuidedManifest): string[] {
  const present = [files.graphs.denoise, files.graphs.guide].filter((file) => file !== undefined).length;
  const wanted = exact === undefined ? 0 : 2;
  const problems = present === wanted ? [] : [expected("graphs of the exact way", String(wanted), present)];
  const ladder = exact?.ladder ?? [];
  if (ladder.some((k, i) => i > 0 && k <= ladder[i - 1]!))
    problems.push(expected("exact.ladder", "ascending numbers", ladder.join(", ")));
  return problems;
}
