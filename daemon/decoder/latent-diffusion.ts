import type { Decoded, Decoder } from "../../src/decode/decoder.ts";
import { FUSED_STEPS, type LatentDiffusionManifest } from "../../src/decode/manifest.ts";
import { seededNoise } from "../../src/decode/noise.ts";
import { monotonicMs } from "../monotonic.ts";
import type { Graph } from "./graph.ts";
import type { GraphKind, GraphShapes } from "./graph-kind.ts";
import {
  checkRequest,
  chooseGuidance,
  type DecoderOptions,
  readoutShapes,
  readoutsOf,
  releaseAll,
  steer,
  stepsUpTo,
} from "./request.ts";
import { toRgb } from "./rgb.ts";

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
  const { latent, image } = manifest;
  const noise = seededNoise(options.seed, latent.channels * latent.height * latent.width);
  const steps = stepsUpTo(FUSED_STEPS, options.maxSteps);
  const guidance = chooseGuidance(manifest, options.guidance);
  const encode = graphs.encode!;
  return {
    kind: "latent-diffusion",
    solver: "ddim",
    steps,
    guidance,
    state: "none",
    async decode(request) {
      checkRequest(request, manifest, steps);
      const startedMs = monotonicMs();
      const { tokens, mu, expected, ...others } = await encode.run({ window: request.values });
      const encodedMs = monotonicMs();
      const { image: picture } = await graphs[`sample-${request.steps}`]!.run({
        noise,
        tokens: tokens!,
        cond: steer(mu!, manifest, request.steering),
        guidance: Float32Array.of(request.guidance ?? guidance ?? 1),
      });
      const steppedMs = [monotonicMs()];
      return {
        image: toRgb(picture!, image.height, image.width),
        mu: mu!,
        logvar: new Float32Array(0),
        expected: expected!,
        readouts: readoutsOf(others),
        history: 0,
        startedMs,
        encodedMs,
        steppedMs,
        synthesisedMs: monotonicMs(),
      } satisfies Decoded;
    },
    reset: () => {},
    dispose: () => releaseAll(Object.values(graphs)),
  };
}
