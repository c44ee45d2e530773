import type { DecodeRequest } from "../../src/decode/decoder.ts";
import type { Manifest } from "../../src/decode/manifest.ts";
import { expected, PhospheneError } from "../../src/errors.ts";

/** Throws DECODER_FAILED that names what is wrong with a request: lengths, steps, numbers that are none. */
export function checkRequest(request: DecodeRequest, manifest: Manifest, steps: readonly number[]): void {
  const values = manifest.bins.window * manifest.units.count;
  const groups = manifest.latents.groups.length;
  const problem =
    request.values.length !== values
      ? expected("values", `${values} numbers`, request.values.length)
      : request.steering.length !== groups
        ? expected("steering", `${groups} numbers`, request.steering.length)
        : !steps.includes(request.steps)
          ? expected("steps", `one of ${steps.join(", ")}`, request.steps)
          : !finite(request.values)
            ? "values: expected finite numbers"
            : guidanceProblem(request.guidance ?? null, manifest);
  if (problem !== null) throw new PhospheneError("DECODER_FAILED", problem);
}

function guidanceProblem(weight: number | null, manifest: Manifest): string | null {
  if (weight === null) return null;
  const range = manifest.kind === "diffusion" ? manifest.guidance : undefined;
  if (range === undefined) return expected("guidance", "null: the bundle has no guidance", weight);
  // The comparison is false for NaN too.
  return weight >= range.min && weight <= range.max
    ? null
    : expected("guidance", `${range.min} to ${range.max}`, weight);
}

/** A plain loop: `every` calls back for each of up to some thousand numbers, for every window. */
function finite(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}

/** mu [D] with the steering of its group added to every latent. */
export function steer(mu: Float32Array, { latents }: Manifest, steering: readonly number[]): Float32Array {
  const cond = Float32Array.from(mu);
  let d = 0;
  latents.groups.forEach(({ size }, group) => {
    for (const end = d + size; d < end; d++) cond[d]! += steering[group]!;
  });
  return cond;
}
