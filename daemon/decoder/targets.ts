import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { LinearManifest } from "../../src/decode/manifest.ts";
import { expected, PhospheneError } from "../../src/errors.ts";
import { floats } from "./golden-compare.ts";

const schema = z.strictObject({
  residue: z.number().positive(),
  stimuli: z.record(z.string(), z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/), latents: floats })),
});

/** What a linear bundle knows of pictures that may be shown while it learns (docs/bundle.md, "Targets"). */
export interface Targets {
  /** Variance that the picture basis leaves in a pixel. */
  readonly residue: number;
  /** By stimulus: the digest of its picture's file, and the latents that it has; shape [D]. */
  readonly stimuli: ReadonlyMap<string, { readonly sha256: string; readonly latents: Float32Array }>;
}

/** Pixels of pictures that were not trained on differ from their projection by about so much, where the bundle does not say. */
const RESIDUE = 0.1;

/** Reads the bundle's file `targets`, if it has one. Throws BUNDLE_MANIFEST_INVALID. */
export async function readTargets(dir: string, { files, latents }: LinearManifest): Promise<Targets> {
  if (files.targets === undefined) return { residue: RESIDUE, stimuli: new Map() };
  const path = join(dir, files.targets.path);
  const parsed = schema.safeParse(JSON.parse(await readFile(path, "utf8")));
  if (!parsed.success) throw invalid(`${path}: ${parsed.error.issues[0]?.message ?? "not valid"}`);
  const { residue, stimuli } = parsed.data;
  for (const [id, { latents: z }] of Object.entries(stimuli))
    if (z.length !== latents.dimension || !z.every(Number.isFinite))
      throw invalid(`${path}: ${expected(`stimuli.${id}.latents`, `${latents.dimension} finite numbers`, z.length)}`);
  return { residue, stimuli: new Map(Object.entries(stimuli)) };
}

function invalid(message: string): PhospheneError {
  return new PhospheneError("BUNDLE_MANIFEST_INVALID", message);
}
