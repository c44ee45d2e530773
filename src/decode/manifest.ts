import { z } from "zod";
import { expected, PhospheneError } from "../errors.ts";
import { describeIssues } from "../issues.ts";
import { diffusionFiles, diffusionManifest } from "./manifest-diffusion.ts";
import { directManifest } from "./manifest-direct.ts";
import { graphBundleFiles } from "./manifest-graphs.ts";
import { guidedManifest, guidedProblems } from "./manifest-guided.ts";
import { latentDiffusionManifest, latentDiffusionProblems } from "./manifest-latent-diffusion.ts";
import { linearFiles, linearManifest, linearProblems } from "./manifest-linear.ts";
import { optimiseManifest, optimiseProblems } from "./manifest-optimise.ts";
import { type BundleFile, type Common, type GuidanceRange, MEASURES } from "./manifest-parts.ts";

export { type DiffusionManifest, FUSED_STEPS } from "./manifest-diffusion.ts";
export type { DirectManifest } from "./manifest-direct.ts";
export type { GuidedManifest } from "./manifest-guided.ts";
export type { LatentDiffusionManifest } from "./manifest-latent-diffusion.ts";
export type { LinearManifest, TensorPlace } from "./manifest-linear.ts";
export type { OptimiseManifest } from "./manifest-optimise.ts";
export type { BundleFile, GuidanceRange } from "./manifest-parts.ts";

/** Every kind is one line here; those whose bundles are ONNX graphs have `graphFiles` as their `files`. */
const kinds = [
  diffusionManifest,
  linearManifest,
  directManifest,
  optimiseManifest,
  guidedManifest,
  latentDiffusionManifest,
] as const;

const names = kinds.map(({ shape }) => `"${shape.kind.value}"`).join(", ");
const manifestSchema = z.discriminatedUnion("kind", kinds, {
  error: (issue) => (issue.code === "invalid_union" ? `expected one of ${names}` : undefined),
});

/** What a bundle says of itself; `kind` tells which decoder it is for. */
export type Manifest = Readonly<z.infer<(typeof kinds)[number]>>;
export type Kind = Manifest["kind"];

/** Checks a parsed manifest.json against docs/bundle.md; throws BUNDLE_MANIFEST_INVALID that names everything that is wrong. */
export function parseManifest(value: unknown, where: string): Manifest {
  const parsed = manifestSchema.safeParse(value);
  const problems = parsed.success ? inconsistencies(parsed.data) : describeIssues(parsed.error.issues, value);
  if (!parsed.success || problems.length > 0)
    throw new PhospheneError("BUNDLE_MANIFEST_INVALID", `${where}: ${problems.join("; ")}`);
  return parsed.data;
}

/** The manifest as one of a kind; throws BUNDLE_MANIFEST_INVALID where it is another. */
export function ofKind<K extends Kind>(manifest: Manifest, kind: K): Extract<Manifest, { kind: K }> {
  if (isOfKind(manifest, kind)) return manifest;
  throw new PhospheneError("BUNDLE_MANIFEST_INVALID", expected(`${manifest.name}: kind`, `"${kind}"`, manifest.kind));
}

function isOfKind<K extends Kind>(manifest: Manifest, kind: K): manifest is Extract<Manifest, { kind: K }> {
  return manifest.kind === kind;
}

/** Lengths that must agree and that a schema cannot say. */
function inconsistencies(manifest: Manifest): string[] {
  const problems = commonProblems(manifest);
  if (manifest.kind === "linear") return [...problems, ...linearProblems(manifest)];
  if (manifest.kind === "guided") return [...problems, ...guidedProblems(manifest)];
  if (manifest.kind === "latent-diffusion") return [...problems, ...latentDiffusionProblems(manifest)];
  return manifest.kind === "optimise" ? [...problems, ...optimiseProblems(manifest)] : problems;
}

function commonProblems(manifest: Common): string[] {
  const { units, normalisation, latents, evidence, readouts } = manifest;
  const sizes = latents.groups.reduce((sum, { size }) => sum + size, 0);
  const checks: [string, number, number][] = [
    ["units.labels", units.labels.length, units.count],
    ["normalisation.mean", normalisation.mean.length, units.count],
    ["normalisation.std", normalisation.std.length, units.count],
    ["sizes of latents.groups", sizes, latents.dimension],
    ["evidence.latentMean", evidence.latentMean.length, latents.dimension],
    ["evidence.latentStd", evidence.latentStd.length, latents.dimension],
    ["distinct units.labels", new Set(units.labels).size, units.labels.length],
    ["distinct names of readouts", new Set(readouts.map(({ name }) => name)).size, readouts.length],
  ];
  const wrong = checks
    .filter(([, got, wanted]) => got !== wanted)
    .map(([name, got, wanted]) => `${name}: expected ${wanted}, got ${got}`);
  return [...wrong, ...evidenceProblems(manifest)];
}

/** A measure has a threshold, or a reason why it is missing; without latents there is neither posterior nor a typical one. */
function evidenceProblems({ units, latents, evidence }: Common): string[] {
  const problems = MEASURES.flatMap((measure) => {
    const isMissing = evidence.missing?.[measure] !== undefined;
    const threshold = evidence[`${measure}Threshold`];
    if (isMissing === (threshold === null)) {
      const needsLatents = measure !== "explained" && latents.dimension === 0 && !isMissing;
      return needsLatents ? [expected(`evidence.missing.${measure}`, "a reason, as there are no latents", "none")] : [];
    }
    const wanted = isMissing ? "null, as the measure is missing" : "a number, or a reason in evidence.missing";
    return [expected(`evidence.${measure}Threshold`, wanted, threshold)];
  });
  if (MEASURES.every((measure) => evidence.missing?.[measure] !== undefined))
    problems.push("evidence.missing: expected at least one measure that is not missing");
  const beyond = evidence.units?.find((unit) => unit >= units.count);
  if (beyond !== undefined) problems.push(expected("evidence.units", `units below ${units.count}`, beyond));
  return problems;
}

/** Every file of the bundle with its name in the manifest. */
export function bundleFiles(manifest: Manifest): [string, BundleFile][] {
  if (manifest.kind === "linear") return linearFiles(manifest);
  return manifest.kind === "diffusion" ? diffusionFiles(manifest) : graphBundleFiles(manifest);
}

/** Range of the guidance weight; undefined where the bundle has none. */
export function guidanceOf(manifest: Manifest): GuidanceRange | undefined {
  return "guidance" in manifest ? manifest.guidance : undefined;
}

/** Weight of each bin of a window in the activity that `explained` compares; undefined: their mean. */
export function binWeightsOf(manifest: Manifest): readonly number[] | undefined {
  return "haemodynamics" in manifest ? manifest.haemodynamics.weights : undefined;
}
