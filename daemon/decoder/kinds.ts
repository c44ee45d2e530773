import type { Decoder } from "../../src/decode/decoder.ts";
import type { Kind, Manifest } from "../../src/decode/manifest.ts";
import { diffusionDecoder } from "./diffusion.ts";
import { directKind } from "./direct.ts";
import { checkGolden } from "./golden.ts";
import { checkGraphGolden } from "./graph-golden.ts";
import { coarsest, type GraphBundleManifest, type GraphKind, openGraphs, warmRun } from "./graph-kind.ts";
import { loadGraphs, type Precision } from "./graphs.ts";
import { guidedKind } from "./guided.ts";
import { latentDiffusionKind } from "./latent-diffusion.ts";
import { optimiseKind } from "./optimise.ts";
import type { Way } from "./providers.ts";
import { type DecoderOptions, releaseAll } from "./request.ts";

/** A decoder whose golden outputs were reproduced. */
export interface Opened {
  readonly decoder: Decoder;
  /** What the pictures are computed in. */
  readonly precision: Precision;
  /** Largest difference to the golden outputs. */
  readonly goldenDifference: number;
  /** A small run, to keep the device from clocking down. */
  readonly warm: () => Promise<unknown>;
}

export interface OpenOptions extends DecoderOptions {
  readonly threads: number;
  readonly way: Way;
}

export type OpenKind<M extends Manifest> = (
  dir: string,
  manifest: M,
  options: OpenOptions,
  onProgress: (message: string) => void,
) => Promise<Opened>;

/** Kinds that run in a process of their own; `linear` is matrices and runs in the daemon's (D-031). */
type ProcessKind = Exclude<Kind, "linear">;

/** Every kind is one line here: its graphs and how a picture is made with them, in a file of its own. */
const KINDS: { readonly [K in ProcessKind]: OpenKind<Extract<Manifest, { kind: K }>> } = {
  diffusion: openDiffusion,
  direct: graphs(directKind),
  optimise: graphs(optimiseKind),
  guided: graphs(guidedKind),
  "latent-diffusion": graphs(latentDiffusionKind),
};

/** Loads the graphs of a bundle whose digests were verified, and reproduces its golden outputs. */
export function openKind<M extends Extract<Manifest, { kind: ProcessKind }>>(
  dir: string,
  manifest: M,
  options: OpenOptions,
  onProgress: (message: string) => void,
): Promise<Opened> {
  const open = KINDS[manifest.kind] as OpenKind<M>; // the table's type ties each kind to its manifest
  return open(dir, manifest, options, onProgress);
}

/** How a kind is opened that is nothing but graphs. */
export function graphs<M extends GraphBundleManifest>(kind: GraphKind<M>): OpenKind<M> {
  return async (dir, manifest, options, onProgress) => {
    const { threads, way } = options;
    onProgress(`loading graphs on ${way.provider} (${way.runner})`);
    const opened = await openGraphs(dir, manifest, kind, threads, way);
    const named = Object.fromEntries([...opened].map(([name, { graph }]) => [name, graph]));
    try {
      onProgress("reproducing the golden outputs");
      const goldenDifference = await checkGraphGolden(dir, manifest, opened);
      const decoder = kind.make(named, manifest, options);
      return { decoder, precision: coarsest(opened), goldenDifference, warm: warmRun(opened) };
    } catch (error) {
      await releaseAll(Object.values(named));
      throw error;
    }
  };
}

async function openDiffusion(
  ...[dir, manifest, options, onProgress]: Parameters<OpenKind<Extract<Manifest, { kind: "diffusion" }>>>
): Promise<Opened> {
  const { threads, way } = options;
  onProgress(`loading graphs on ${way.provider} (${way.runner})`);
  const loaded = await loadGraphs(dir, manifest, threads, way);
  onProgress("reproducing the golden outputs");
  const goldenDifference = await checkGolden(dir, manifest, loaded);
  const window = new Float32Array(manifest.bins.window * manifest.units.count);
  return {
    decoder: diffusionDecoder(loaded, manifest, { ...options, solver: options.solver === "ipndm" ? "ipndm" : "ddim" }),
    precision: loaded.precision.sample,
    goldenDifference,
    warm: () => loaded.encode.run({ window }),
  };
}
