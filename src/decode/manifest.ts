import { z } from "zod";
import { PhospheneError } from "../errors.ts";
import { describeIssues } from "../issues.ts";

const relativePath = z
  .string()
  .regex(/^[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*$/, "a relative path of plain names")
  .refine((path) => !path.split("/").includes(".."), "a path without '..'");

const file = z.strictObject({
  path: relativePath,
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits"),
  bytes: z.int().nonnegative(),
});

const samples = z.strictObject({ "1": file, "2": file, "4": file });

const positiveNumbers = z.array(z.number().positive());

const readout = z.discriminatedUnion("kind", [
  z.strictObject({ name: z.string(), kind: z.literal("class"), labels: z.array(z.string()).min(2) }),
  z.strictObject({ name: z.string(), kind: z.literal("value"), unit: z.string(), labels: z.array(z.string()).min(1) }),
]);

const STEPS = ["1", "2", "4"] as const;

const schedule = z.strictObject({
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

const manifestSchema = z.strictObject({
  format: z.literal(1),
  name: z.string().min(1),
  kind: z.literal("diffusion"),
  units: z.strictObject({ count: z.int().positive().max(65_535), labels: z.array(z.string()) }),
  bins: z.strictObject({ widthMs: z.number().positive(), window: z.int().positive() }),
  normalisation: z.strictObject({
    kind: z.literal("zscore"),
    mean: z.array(z.number()),
    std: positiveNumbers,
    clip: z.number().positive(),
  }),
  latents: z.strictObject({
    dimension: z.int().positive(),
    groups: z.array(z.strictObject({ name: z.string(), size: z.int().positive() })).min(1),
  }),
  readouts: z.array(readout),
  image: z.strictObject({ height: z.int().positive(), width: z.int().positive(), channels: z.literal(3) }),
  schedule,
  noise: z.strictObject({ scale: z.number().nonnegative() }),
  guidance: z
    .strictObject({ default: z.number(), min: z.number(), max: z.number() })
    .refine((g) => g.min <= g.default && g.default <= g.max, "a default between min and max")
    .optional(),
  files: z.strictObject({
    encode: file,
    step: file,
    sample: samples,
    half: z.strictObject({ step: file, sample: samples }).optional(),
    weights: file,
    golden: file,
  }),
  evidence: z.strictObject({
    bitsThreshold: z.number(),
    explainedThreshold: z.number(),
    atypicalityThreshold: z.number(),
    latentMean: z.array(z.number()),
    latentStd: positiveNumbers,
    calibration: z.unknown(),
  }),
  provenance: z.record(z.string(), z.unknown()),
  metrics: z.record(z.string(), z.unknown()),
});

export type Manifest = Readonly<z.infer<typeof manifestSchema>>;
export type BundleFile = z.infer<typeof file>;

/** Step counts for which a bundle carries a fused graph. */
export const FUSED_STEPS = [1, 2, 4] as const;

/** Checks a parsed manifest.json against docs/bundle.md; throws BUNDLE_MANIFEST_INVALID that names everything that is wrong. */
export function parseManifest(value: unknown, where: string): Manifest {
  const parsed = manifestSchema.safeParse(value);
  const problems = parsed.success ? inconsistencies(parsed.data) : describeIssues(parsed.error.issues, value);
  if (!parsed.success || problems.length > 0)
    throw new PhospheneError("BUNDLE_MANIFEST_INVALID", `${where}: ${problems.join("; ")}`);
  return parsed.data;
}

/** Lengths that must agree and that a schema cannot say. */
function inconsistencies(manifest: Manifest): string[] {
  const { units, normalisation, latents, evidence } = manifest;
  const sizes = latents.groups.reduce((sum, { size }) => sum + size, 0);
  const checks: [string, number, number][] = [
    ["units.labels", units.labels.length, units.count],
    ["normalisation.mean", normalisation.mean.length, units.count],
    ["normalisation.std", normalisation.std.length, units.count],
    ["sizes of latents.groups", sizes, latents.dimension],
    ["evidence.latentMean", evidence.latentMean.length, latents.dimension],
    ["evidence.latentStd", evidence.latentStd.length, latents.dimension],
    ["distinct units.labels", new Set(units.labels).size, units.labels.length],
  ];
  return checks
    .filter(([, got, wanted]) => got !== wanted)
    .map(([name, got, wanted]) => `${name}: expected ${wanted}, got ${got}`);
}

/** Every file of the bundle with its name in the manifest. */
export function bundleFiles({ files }: Manifest): [string, BundleFile][] {
  const { sample, half, ...others } = files;
  const named = (prefix: string, all: Record<string, BundleFile>) =>
    Object.entries(all).map(([k, f]): [string, BundleFile] => [`${prefix}.${k}`, f]);
  const halves =
    half === undefined ? [] : [...named("half", { step: half.step }), ...named("half.sample", half.sample)];
  return [...Object.entries(others), ...named("sample", sample), ...halves];
}
