import { FUSED_STEPS } from "../../src/decode/manifest.ts";
import { type Bundle, readBundle } from "../bundle.ts";
import { chooseHost } from "../decoder/choose-host.ts";
import type { DecoderInfo } from "../decoder/host.ts";
import type { WayChoice } from "../decoder/providers.ts";

export interface Tried extends Bundle {
  readonly ready: DecoderInfo;
  /** Cost of a frame of every number of steps, in words. */
  readonly costs: string;
}

/** Starts a bundle's decoder as a session would, until it is ready, and ends it. Rejects with the bundle's coded error. */
export async function tryBundle(
  dir: string,
  { threads, provider, runner }: { readonly threads: number } & WayChoice,
  onProgress: (message: string) => void = () => {},
): Promise<Tried> {
  const bundle = await readBundle(dir);
  // Every number of steps that the kind has; a diffusion bundle's are those of its fused graphs.
  const maxSteps = bundle.manifest.kind === "diffusion" ? Math.max(...FUSED_STEPS) : Number.POSITIVE_INFINITY;
  const host = chooseHost(bundle, {
    load: { dir, solver: "ddim", maxSteps, guidance: null, seed: 1, threads, keepWarmMs: null },
    way: { provider, runner },
    stallMs: 10_000,
    onState: () => {},
    onProgress,
  });
  try {
    const ready = await host.start();
    const costs = Object.entries(ready.costMs).map(([steps, ms]) => `${steps}: ${ms.toFixed(2)} ms`);
    return { ...bundle, ready, costs: costs.join(", ") };
  } finally {
    await host.close();
  }
}
