import type { DecodeRequest, Decoder } from "../../src/decode/decoder.ts";
import type { Manifest } from "../../src/decode/manifest.ts";
import { expected, PhospheneError } from "../../src/errors.ts";
import { readBundle } from "../bundle.ts";
import { monotonicMs } from "../monotonic.ts";
import type { LoadedInfo, LoadOptions } from "./ipc.ts";
import { openKind } from "./kinds.ts";

const WARM_UP_RUNS = 9;
/** After so many runs the engine has compiled what a frame takes; where they are too slow, this long is enough. */
const PRACTICE_RUNS = 200;
const PRACTICE_MS = 300;

export interface Loaded {
  readonly decoder: Decoder;
  readonly info: LoadedInfo;
  /** A small run, to keep the device from clocking down. */
  readonly warm: () => Promise<unknown>;
}

/** Verifies a bundle, loads its graphs, reproduces its golden outputs, and runs every number of steps until its cost is known. */
export async function loadDecoder(options: LoadOptions, onProgress: (message: string) => void): Promise<Loaded> {
  const { dir, way } = options;
  onProgress("verifying the bundle");
  const { manifest } = await readBundle(dir);
  if (manifest.kind === "linear")
    throw new PhospheneError("BUNDLE_MANIFEST_INVALID", expected(`${dir}: kind`, "one with graphs", manifest.kind));
  const { decoder, precision, goldenDifference, warm } = await openKind(dir, manifest, options, onProgress);
  onProgress("warming up");
  const { kind, solver, steps, guidance } = decoder;
  const costMs = await warmUp(decoder, manifest);
  return { decoder, warm, info: { ...way, kind, solver, precision, steps, guidance, costMs, goldenDifference } };
}

/** Median cost of every number of steps, ms, by the very path that frames take. */
async function warmUp(decoder: Decoder, manifest: Manifest): Promise<Record<string, number>> {
  const values = new Float32Array(manifest.bins.window * manifest.units.count);
  const steering = manifest.latents.groups.map(() => 0);
  const costMs: Record<string, number> = {};
  const startMs = monotonicMs();
  for (let i = 0; i < PRACTICE_RUNS && monotonicMs() - startMs < PRACTICE_MS; i++)
    await decoder.decode({ values, steps: decoder.steps[0]!, steering });
  for (const steps of decoder.steps) costMs[steps] = await medianCost(decoder, { values, steps, steering });
  decoder.reset();
  return costMs;
}

async function medianCost(decoder: Decoder, request: DecodeRequest): Promise<number> {
  const costs: number[] = [];
  for (let i = 0; i < WARM_UP_RUNS; i++) {
    const startMs = monotonicMs();
    await decoder.decode(request);
    costs.push(monotonicMs() - startMs);
  }
  return costs.sort((a, b) => a - b)[WARM_UP_RUNS >> 1]!;
}
