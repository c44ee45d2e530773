import { expected, PhospheneError } from "../src/errors.ts";
import { type Bundle, readBundle } from "./bundle.ts";

/**
 * Reads and checks the folders of `bundle` and `bundles`, the first of them decodes at the start. Throws a BUNDLE_* error for one that is not as its manifest
 * says, BUNDLES_DIFFER for one that cannot take the first one's place: a source's bins must do for all.
 */
export async function readBundles(first: string, others: readonly string[]): Promise<readonly [Bundle, ...Bundle[]]> {
  const bundles: [Bundle, ...Bundle[]] = [await readBundle(first)];
  for (const dir of others) {
    const bundle = await readBundle(dir);
    const problem = differs(bundles, bundle);
    if (problem !== null) throw new PhospheneError("BUNDLES_DIFFER", `bundles: ${dir}: ${problem}`);
    bundles.push(bundle);
  }
  return bundles;
}

function differs(before: readonly [Bundle, ...Bundle[]], { manifest }: Bundle): string | null {
  const { bins, units } = before[0].manifest;
  if (before.some((each) => each.manifest.name === manifest.name))
    return expected("name", "one of its own", manifest.name);
  if (manifest.bins.widthMs !== bins.widthMs)
    return expected("bins.widthMs", `${bins.widthMs}, as of ${before[0].dir}`, manifest.bins.widthMs);
  const [wanted, got] = [units.labels, manifest.units.labels];
  if (got.length !== wanted.length) return expected("units", `${wanted.length}, as of ${before[0].dir}`, got.length);
  const at = wanted.findIndex((label, i) => got[i] !== label);
  return at < 0 ? null : expected(`units.labels[${at}]`, `${wanted[at]}, as of ${before[0].dir}`, got[at]);
}
