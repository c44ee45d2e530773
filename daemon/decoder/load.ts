import type { DecodeRequest, Decoder } from "../../src/decode/decoder.ts";
import type { DiffusionManifest } from "../../src/decode/manifest.ts";
import { readBundleOf } from "../bundle.ts";
import { monotonicMs } from "../monotonic.ts";
import { diffusionDecoder } from "./diffusion.ts";
import { checkGolden } from "./golden.ts";
import { loadGraphs } from "./graphs.ts";
import type { LoadedInfo, LoadOptions } from "./ipc.ts";

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
  const { dir, threads, way } = options;
  onProgress("verifying the bundle");
  const { manifest } = await readBundleOf(dir, "diffusion");
  onProgress(`loading graphs on ${way.provider} (${way.runner})`);
  const graphs = await loadGraphs(dir, manifest, threads, way);
  onProgress("reproducing the golden outputs");
  const goldenDifference = await checkGolden(dir, manifest, graphs);
  onProgress("warming up");
  const decoder = diffusionDecoder(graphs, manifest, options);
  const info: LoadedInfo = {
    ...way,
    kind: decoder.kind,
    solver: decoder.solver,
    precision: graphs.precision.sample,
    steps: decoder.steps,
    guidance: decoder.guidance,
    costMs: await warmUp(decoder, manifest),
    goldenDifference,
  };
  const window = new Float32Array(manifest.bins.window * manifest.units.count);
  return { decoder, info, warm: () => graphs.encode.run({ window }) };
}

/** Median cost of every number of steps, ms, by the very path that frames take. */
async function warmUp(decoder: Decoder, manifest: DiffusionManifest): Promise<Record<string, number>> {
  const values = new Float32Array(manifest.bins.window * manifest.units.count);
  const steering = manifest.latents.groups.map(() => 0);
  const costMs: Record<string, number> = {};
  const startMs = monotonicMs();
  for (let i = 0; i < PRACTICE_RUNS && monotonicMs() - startMs < PRACTICE_MS; i++)
    await decoder.decode({ values, steps: decoder.steps[0]!, steering });
  for (const steps of decoder.steps) costMs[steps] = await medianCost(decoder, { values, steps, steering });
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
