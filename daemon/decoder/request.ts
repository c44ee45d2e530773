import type { Config } from "../../src/config.ts";
import type { DecodeRequest } from "../../src/decode/decoder.ts";
import { guidanceOf, type Manifest } from "../../src/decode/manifest.ts";
import { expected, PhospheneError } from "../../src/errors.ts";

import type { Graph } from "./graph.ts";

const READOUT = "readout_";

/** What the configuration asks of a decoder. */
export interface DecoderOptions {
  readonly solver: Config["decode"]["solver"];
  /** The most steps that may be asked for. */
  readonly maxSteps: number;
  /** Guidance weight; null takes the bundle's default. */
  readonly guidance: number | null;
  readonly seed: number;
}

/** The steps of a ladder that the configuration allows; the fewest of them always. */
export function stepsUpTo(ladder: readonly number[], maxSteps: number): number[] {
  return ladder.filter((k, i) => i === 0 || k <= maxSteps);
}

/** Weight in use unless a window has its own; null where the bundle has none. Throws PARAMETER_INVALID when it is beyond the bundle's range. */
export function chooseGuidance(manifest: Manifest, wanted: number | null): number | null {
  const range = guidanceOf(manifest);
  if (wanted === null) return range?.default ?? null;
  const allowed = range === undefined ? "null: the bundle has no guidance" : `${range.min} to ${range.max}`;
  if (range === undefined || wanted < range.min || wanted > range.max)
    throw new PhospheneError("PARAMETER_INVALID", expected("decode.guidance", allowed, wanted));
  return wanted;
}

/** The outputs `readout_<name>` of a graph, by name; all others are left out. */
export function readoutsOf(outputs: Record<string, Float32Array>): Record<string, Float32Array> {
  const readouts: Record<string, Float32Array> = {};
  for (const name of Object.keys(outputs))
    if (name.startsWith(READOUT)) readouts[name.slice(READOUT.length)] = outputs[name]!;
  return readouts;
}

/** Shapes of the outputs `readout_<name>`. */
export function readoutShapes({ readouts }: Pick<Manifest, "readouts">): Record<string, number[]> {
  return Object.fromEntries(readouts.map(({ name, labels }) => [READOUT + name, [1, labels.length]]));
}

/** What `Decoder.dispose` does where there are graphs. */
export async function releaseAll(graphs: Iterable<Graph>): Promise<void> {
  for (const graph of graphs) await graph.release();
}

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
            : !request.steering.every(Number.isFinite)
              ? "steering: expected finite numbers"
              : guidanceProblem(request.guidance ?? null, manifest);
  if (problem !== null) throw new PhospheneError("DECODER_FAILED", problem);
}

function guidanceProblem(weight: number | null, manifest: Manifest): string | null {
  if (weight === null) return null;
  const range = guidanceOf(manifest);
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
