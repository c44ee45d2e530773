import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { LinearRunner } from "../../src/decode/linear.ts";
import type { LinearManifest } from "../../src/decode/manifest.ts";
import { PhospheneError } from "../../src/errors.ts";
import { type Comparison, floats, worstDifference } from "./golden-compare.ts";

const goldenSchema = z.object({
  tolerance: z.number().positive(),
  cases: z
    .array(
      z.object({
        counts: floats,
        window: floats,
        mu: floats,
        logvar: floats,
        expected: floats,
        readouts: z.record(z.string(), floats),
        image: floats,
      }),
    )
    .min(1),
});

export type LinearGolden = z.infer<typeof goldenSchema>;

/** The golden cases of a linear bundle and the tolerance (largest absolute difference). */
export async function readLinearGolden(dir: string, manifest: LinearManifest): Promise<LinearGolden> {
  const path = join(dir, manifest.files.golden.path);
  const parsed = goldenSchema.safeParse(JSON.parse(await readFile(path, "utf8")));
  if (parsed.success) return parsed.data;
  throw new PhospheneError("BUNDLE_GOLDEN_MISMATCH", `${path}: ${parsed.error.issues[0]?.message ?? "not valid"}`);
}

/** Reproduces the golden outputs; throws BUNDLE_GOLDEN_MISMATCH that names the output and the difference. Returns the largest difference. */
export async function checkLinearGolden(dir: string, manifest: LinearManifest, runner: LinearRunner): Promise<number> {
  const { tolerance, cases } = await readLinearGolden(dir, manifest);
  const compared = cases.map((golden): Comparison[] => {
    const { mu, logvar, expected, readouts } = runner.encode(golden.window);
    const outputs: [name: string, got: Float32Array, wanted: Float32Array | undefined][] = [
      ["mu", mu, golden.mu],
      ["logvar", logvar, golden.logvar],
      ["expected", expected, golden.expected],
      ["image", runner.picture(golden.mu).map((value) => Math.min(1, Math.max(-1, value))), golden.image],
    ];
    for (const { name } of manifest.readouts) outputs.push([`readout ${name}`, readouts[name]!, golden.readouts[name]]);
    return outputs.map(([name, got, wanted]) => ({
      name,
      got,
      wanted: wanted ?? new Float32Array(),
      limit: tolerance,
      precision: "fp32",
    }));
  });
  return worstDifference(dir, compared);
}
