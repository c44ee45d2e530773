import { readFileSync } from "node:fs";
import { join } from "node:path";
import { linearDecoder } from "../../daemon/decoder/linear.ts";
import { linearModel } from "../../src/decode/linear.ts";
import { ofKind, parseManifest } from "../../src/decode/manifest.ts";
import { readManifest } from "./bundle.ts";
import type { Kept } from "./client.ts";
import { countsOf, type Train } from "./spikes.ts";

/** How far the outputs of a system are from what they must be, over the bins that were kept. */
export interface Agreement {
  readonly compared: number;
  readonly mu: number;
  /** Levels of 0 to 255. */
  readonly image: number;
  /** Pictures among them that differ from one another: a system that sends the same again and again is found out. */
  readonly distinct: number;
}

/** By kind: what arithmetic in float32 leaves, and what a network in fp16 does to a picture (`halfTolerance`, docs/bundle.md). */
const ALLOWED = { linear: { mu: 2e-3, image: 1 }, diffusion: { mu: 2e-3, image: 8 } };

/** A sentence for each way in which a system's outputs are not what they must be. */
export function complaints(kind: string, { compared, mu, image, distinct }: Agreement): string[] {
  const allowed = kind === "linear" ? ALLOWED.linear : ALLOWED.diffusion;
  const said: string[] = [];
  if (compared === 0) said.push("no output was compared");
  if (!(mu <= allowed.mu)) said.push(`latents: expected within ${allowed.mu} of the reference, got ${mu}`);
  if (!(image <= allowed.image)) said.push(`pictures: expected within ${allowed.image} levels, got ${image}`);
  if (compared > 1 && distinct === 1) said.push(`pictures: expected different ones, got the same ${compared} times`);
  return said;
}

export function compare(kept: readonly Kept[], reference: (bin: number) => Kept | undefined): Agreement {
  let [compared, mu, image] = [0, 0, 0];
  const pictures = new Set<string>();
  for (const one of kept) {
    const wanted = reference(one.bin);
    // Fewer steps are another picture: ours takes them when time is short.
    if (wanted === undefined || one.steps !== wanted.steps) continue;
    compared++;
    pictures.add(one.image);
    mu = Math.max(mu, farthest(floats(one.mu), floats(wanted.mu)));
    image = Math.max(image, farthest(Buffer.from(one.image, "base64"), Buffer.from(wanted.image, "base64")));
  }
  return { compared, mu, image, distinct: pictures.size };
}

function floats(base64: string): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(base64, "base64")).buffer);
}

/** Largest difference; infinite for another length, NaN for one. */
function farthest(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  if (got.length !== wanted.length || got.length === 0) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < got.length; i++) {
    const difference = Math.abs(got[i]! - wanted[i]!);
    if (!(difference <= worst)) worst = difference;
  }
  return worst;
}

/** What a linear bundle makes of the spikes that the rig is known to have sent, for the asked bins. */
export async function linearReference(dir: string, train: Train, bins: readonly number[]): Promise<Map<number, Kept>> {
  const manifest = ofKind(parseManifest(readManifest(dir), dir), "linear");
  const decoder = linearDecoder(linearModel(manifest, readFileSync(join(dir, manifest.files.matrices.path))), manifest);
  const counts = countsOf(train, manifest.bins.widthMs);
  const { mean, std, clip } = manifest.normalisation;
  const kept = new Map<number, Kept>();
  for (const bin of bins) {
    const rows = counts.slice(bin + 1 - manifest.bins.window, bin + 1);
    if (rows.length < manifest.bins.window) continue;
    const z = (count: number, u: number) => Math.max(-clip, Math.min(clip, (count - mean[u]!) / std[u]!));
    const values = Float32Array.from(rows.flatMap((row) => Array.from(row, z)));
    const { mu, image } = await decoder.decode({ values, steps: 1, steering: manifest.latents.groups.map(() => 0) });
    kept.set(bin, { bin, mu: base64(new Uint8Array(mu.buffer)), image: base64(image), steps: 1 });
  }
  return kept;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
