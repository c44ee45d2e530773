import type { Decoded, Decoder } from "../../src/decode/decoder.ts";
import type { DirectManifest } from "../../src/decode/manifest.ts";
import { monotonicMs } from "../monotonic.ts";
import type { Graph } from "./graph.ts";
import type { GraphKind } from "./graph-kind.ts";
import {
  checkRequest,
  chooseGuidance,
  type DecoderOptions,
  readoutShapes,
  readoutsOf,
  releaseAll,
  steer,
} from "./request.ts";
import { toRgb } from "./rgb.ts";

const STEPS = [1];

/** One graph, `decode`. It computes in fp32: the evidence comes out of it, too. */
export const directKind: GraphKind<DirectManifest> = {
  shapes(manifest) {
    const { bins, units, latents, image } = manifest;
    const D = latents.dimension;
    return {
      decode: {
        inputs: { window: [1, bins.window, units.count], steering: [1, D] },
        outputs: {
          mu: [1, D],
          logvar: [1, D],
          expected: [1, units.count],
          ...readoutShapes(manifest),
          image: [1, 3, image.height, image.width],
        },
        precise: true,
      },
    };
  },
  make: ({ decode }, manifest, options) => directDecoder(decode!, manifest, options),
};

/** A feed-forward decoder: one run a frame, no noise, no guidance (MEIcoder: Sobotka et al. 2025, arXiv 2510.20762). */
function directDecoder(graph: Graph, manifest: DirectManifest, options: DecoderOptions): Decoder {
  const { image } = manifest;
  return {
    kind: "direct",
    solver: "direct",
    steps: STEPS,
    guidance: chooseGuidance(manifest, options.guidance),
    state: "none",
    async decode(request) {
      checkRequest(request, manifest, STEPS);
      const startedMs = monotonicMs();
      // What is added to each latent: a graph of one run adds it inside.
      const steering = steer(new Float32Array(manifest.latents.dimension), manifest, request.steering);
      const { image: picture, mu, logvar, expected, ...others } = await graph.run({ window: request.values, steering });
      const doneMs = monotonicMs();
      return {
        image: toRgb(picture!, image.height, image.width),
        mu: mu!,
        logvar: logvar!,
        expected: expected!,
        readouts: readoutsOf(others),
        history: 0,
        startedMs,
        // Latents and picture come out of the same run: nothing is encoded before it.
        encodedMs: startedMs,
        steppedMs: [doneMs],
        synthesisedMs: monotonicMs(),
      } satisfies Decoded;
    },
    reset: () => {},
    dispose: () => releaseAll([graph]),
  };
}
