import { z } from "zod";
import { type BundleFile, file, guidance, parts } from "./manifest-parts.ts";

const STEPS = ["1", "2", "4"] as const;
/** Step counts for which a bundle carries a fused graph. */
export const FUSED_STEPS = [1, 2, 4] as const;

const samples = z.strictObject({ "1": file, "2": file, "4": file });

export const schedule = z.strictObject({
  kind: z.literal("cosine"),
  prediction: z.literal("v"),
  timesteps: z
    .strictObject({
      "1": z.array(z.number()).length(2),
      "2": z.array(z.number()).length(3),
      "4": z.array(z.number()).length(5),
    })
    .refine((all) => STEPS.every((k) => fallsToZero(all[k])), "timesteps that fall from at most 1 to 0"),
});

function fallsToZero(timesteps: readonly number[]): boolean {
  const falls = timesteps.every((t, i) => i === 0 || t < timesteps[i - 1]!);
  return falls && timesteps[0]! <= 1 && timesteps.at(-1) === 0;
}

/** Kind `diffusion`: a VAE's encoder and a denoiser as ONNX graphs. */
export const diffusionManifest = z.strictObject({
  ...parts,
  kind: z.literal("diffusion"),
  schedule,
  noise: z.strictObject({ scale: z.number().nonnegative() }),
  guidance,
  files: z.strictObject({
    encode: file,
    step: file,
    sample: samples,
    half: z.strictObject({ step: file, sample: samples }).optional(),
    weights: file,
    golden: file,
  }),
});

export type DiffusionManifest = Readonly<z.infer<typeof diffusionManifest>>;

/** Every file of a diffusion bundle with its name in the manifest. */
export function diffusionFiles({ files }: DiffusionManifest): [string, BundleFile][] {
  const { sample, half, ...others } = files;
  const named = (prefix: string, all: Record<string, BundleFile>) =>
    Object.entries(all).map(([k, f]): [string, BundleFile] => [`${prefix}.${k}`, f]);
  const halves =
    half === undefined ? [] : [...named("half", { step: half.step }), ...named("half.sample", half.sample)];
  return [...Object.entries(others), ...named("sample", sample), ...halves];
}
