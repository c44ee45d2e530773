import { ddim } from "../../src/decode/ddim.ts";
import type { Decoder } from "../../src/decode/decoder.ts";
import { ipndm } from "../../src/decode/ipndm.ts";
import { type DiffusionManifest, FUSED_STEPS } from "../../src/decode/manifest.ts";
import { seededNoise } from "../../src/decode/noise.ts";
import { cosineSchedule } from "../../src/decode/schedule.ts";
import { encodeThenDraw } from "./encode-then-draw.ts";
import type { Graphs } from "./graphs.ts";
import { chooseGuidance, type DecoderOptions, steer } from "./request.ts";

export type DiffusionOptions = Omit<DecoderOptions, "solver"> & { readonly solver: "ddim" | "ipndm" };

/**
 * A sampler of k steps: noise and condition [D] -> image [3, H, W] in [-1, 1]. `onStep` is called after each run of the network;
 * `weight` is that of this picture's guidance, where it is not the sampler's own.
 */
export type Sample = (
  noise: Float32Array,
  cond: Float32Array,
  onStep?: () => void,
  weight?: number,
) => Promise<Float32Array>;

/** VAE encoder, then few-step DDIM from the session's fixed noise. */
export function diffusionDecoder(graphs: Graphs, manifest: DiffusionManifest, options: DiffusionOptions): Decoder {
  const { image } = manifest;
  const noise = seededNoise(options.seed, 3 * image.height * image.width, manifest.noise.scale);
  const steps = stepsFor(options.maxSteps);
  const guidance = chooseGuidance(manifest, options.guidance);
  const samplers = new Map(steps.map((k) => [k, sampler(graphs, manifest, options.solver, k, guidance ?? 1)]));
  return encodeThenDraw({
    kind: "diffusion",
    solver: options.solver,
    ...{ steps, guidance, manifest, encode: graphs.encode },
    graphs: [graphs.encode, graphs.step, ...graphs.sample.values()],
    draw({ mu }, request, onRun) {
      const cond = steer(mu!, manifest, request.steering);
      return samplers.get(request.steps)!(noise, cond, onRun, request.guidance ?? undefined);
    },
  });
}

function stepsFor(maxSteps: number): number[] {
  const fused = FUSED_STEPS.filter((k) => k <= maxSteps);
  return maxSteps > FUSED_STEPS.at(-1)! ? [...fused, maxSteps] : fused;
}

type SolverName = DiffusionOptions["solver"];

/** DDIM with 1, 2 or 4 steps runs fused in one graph; everything else step by step. Bundles without guidance ignore its weight. */
export function sampler(
  graphs: Graphs,
  manifest: DiffusionManifest,
  solver: SolverName,
  k: number,
  weight = 1,
): Sample {
  const fused = graphs.sample.get(k);
  if (solver !== "ddim" || fused === undefined) return stepwise(graphs, manifest, solver, k, weight);
  return async (noise, cond, onStep, own = weight) => {
    const guidance = Float32Array.of(own);
    const { image } = await fused.run({ noise, cond, guidance });
    onStep?.();
    return image!;
  };
}

/** The same sampler, one network evaluation at a time, for any solver and any k. */
export function stepwise(
  graphs: Graphs,
  manifest: DiffusionManifest,
  solver: SolverName,
  k: number,
  weight = 1,
): Sample {
  const solve = { ddim, ipndm }[solver];
  const known: Record<string, number[]> = manifest.schedule.timesteps;
  const timesteps = known[String(k)] ?? Array.from({ length: k + 1 }, (_, i) => 1 - i / k);
  const schedule = cosineSchedule(timesteps, manifest.schedule.prediction);
  return (noise, cond, onStep, own = weight) => {
    const guidance = Float32Array.of(own);
    const denoise = async (x: Float32Array, t: number) => {
      const { v } = await graphs.step.run({ x, t: Float32Array.of(t), cond, guidance });
      onStep?.();
      return v!;
    };
    return solve(denoise, noise, schedule);
  };
}
