import type { Decoder } from "../../src/decode/decoder.ts";
import { FUSED_STEPS, type LatentDiffusionManifest } from "../../src/decode/manifest.ts";
import { seededNoise } from "../../src/decode/noise.ts";
import { encodeThenDraw } from "./encode-then-draw.ts";
import type { Graph } from "./graph.ts";
import type { GraphKind, GraphShapes } from "./graph-kind.ts";
import { chooseGuidance, type DecoderOptions, readoutShapes, steer, stepsUpTo } from "./request.ts";

/** The graph `encode` in fp32: the evidence comes out of it. One sampler for each number of steps, the latent's decoder included. */
export const latentDiffusionKind: GraphKind<LatentDiffusionManifest> = {
  shapes(manifest) {
    const { bins, units, latents, latent, image } = manifest;
    const tokens = [1, manifest.tokens.count, manifest.tokens.width];
    const mu = [1, latents.dimension];
    const inputs = { noise: [1, latent.channels, latent.height, latent.width], tokens, cond: mu, guidance: [1] };
    const sample: GraphShapes = { inputs, outputs: { image: [1, 3, image.height, image.width] } };
    return {
      encode: {
        inputs: { window: [1, bins.window, units.count] },
        outputs: { tokens, mu, expected: [1, units.count], ...readoutShapes(manifest) },
        precise: true,
      },
      ...Object.fromEntries(FUSED_STEPS.map((k) => [`sample-${k}`, sample])),
    };
  },
  make: latentDiffusionDecoder,
};

/** Tokens of the window's pattern, then a few steps of latent diffusion from the session's fixed noise (arXiv 2305.17214). */
function latentDiffusionDecoder(
  graphs: Readonly<Record<string, Graph>>,
  manifest: LatentDiffusionManifest,
  options: DecoderOptions,
): Decoder {
  const { latent } = manifest;
  const noise = seededNoise(options.seed, latent.channels * latent.height * latent.width);
  const steps = stepsUpTo(FUSED_STEPS, options.maxSteps);
  const guidance = chooseGuidance(manifest, options.guidance);
  return encodeThenDraw({
    kind: "latent-diffusion",
    solver: "ddim",
    ...{ steps, guidance, manifest, encode: graphs.encode!, graphs: Object.values(graphs) },
    async draw({ tokens, mu }, request, onRun) {
      const { image } = await graphs[`sample-${request.steps}`]!.run({
        noise,
        tokens: tokens!,
        cond: steer(mu!, manifest, request.steering),
        guidance: Float32Array.of(request.guidance ?? guidance ?? 1),
      });
      onRun();
      return image!;
    },
  });
}
