import { z } from "zod";
import { expected, PhospheneError } from "../errors.ts";
import { describeIssues } from "../issues.ts";
import { type DiffusionManifest, diffusionFiles, diffusionManifest } from "./manifest-diffusion.ts";
import { type LinearManifest, linearFiles, linearManifest, linearProblems } from "./manifest-linear.ts";
import type { BundleFile, Common } from "./manifest-parts.ts";

export { type DiffusionManifest, FUSED_STEPS } from "./manifest-diffusion.ts";
export type { LinearManifest, TensorPlace } from "./manifest-linear.ts";
export type { BundleFile } from "./manifest-parts.ts";

const manifestSchema = z.discriminatedUnion("kind", [diffusionManifest, linearManifest], {
  error: (issue) => (issue.code === "invalid_union" ? 'expected "diffusion" or "linear"' : undefined),
});

/** What a bundle says of itself; `kind` tells which decoder it is for. */
export type Manifest = DiffusionManifest | LinearManifest;
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
  return manifest.kind === "linear" ? [...problems, ...linearProblems(manifest)] : problems;
}

function commonProblems({ units, normalisation, latents, evidence, readouts }: Common): string[] {
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
  return checks
    .filter(([, got, wanted]) => got !== wanted)
    .map(([name, got, wanted]) => `${name}: expected ${wanted}, got ${got}`);
}

/** Every file of the bundle with its name in the manifest. */
export function bundleFiles(manifest: Manifest): [string, BundleFile][] {
  return manifest.kind === "linear" ? linearFiles(manifest) : diffusionFiles(manifest);
}
