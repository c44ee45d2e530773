import { z } from "zod";
import { expected } from "../errors.ts";
import { schedule } from "./manifest-diffusion.ts";
import { graphFiles } from "./manifest-graphs.ts";
import { guidance, parts } from "./manifest-parts.ts";

const size = z.int().positive();

/** Kind `latent-diffusion`: tokens of voxels, a diffusion model of a small latent that attends to them, a decoder of that latent. */
export const latentDiffusionManifest = z.strictObject({
  ...parts,
  kind: z.literal("latent-diffusion"),
  /** How `encode` weighs the volumes of a window, oldest first, and how long before the window's end the decoded picture appeared, s. */
  haemodynamics: z.strictObject({ weights: z.array(z.number()).min(1), ageS: z.number() }),
  /** What `encode` gives the samplers beside mu. */
  tokens: z.strictObject({ count: size, width: size }),
  /** Shape of the noise. */
  latent: z.strictObject({ channels: size, height: size, width: size }),
  schedule,
  guidance: guidance.unwrap(),
  files: graphFiles(["encode", "sample-1", "sample-2", "sample-4"]),
});

export type LatentDiffusionManifest = Readonly<z.infer<typeof latentDiffusionManifest>>;

/** Lengths that must agree beside those of every kind. */
export function latentDiffusionProblems({ haemodynamics, bins }: LatentDiffusionManifest): string[] {
  const { length } = haemodynamics.weights;
  return length === bins.window ? [] : [expected("haemodynamics.weights", `${bins.window} numbers`, length)];
}
