import { ADAPTATION, type AdaptationOptions, LinearAdaptation } from "../../src/decode/adaptation.ts";
import type { Decoded, Decoder } from "../../src/decode/decoder.ts";
import { type LinearModel, LinearRunner } from "../../src/decode/linear.ts";
import type { LinearManifest } from "../../src/decode/manifest.ts";
import { monotonicMs } from "../monotonic.ts";
import { checkRequest, steer } from "./request.ts";
import { toRgb } from "./rgb.ts";

const STEPS = [1];

export interface LinearDecoder extends Decoder {
  /** What it learns while it runs; off until it is switched on. */
  readonly adaptation: LinearAdaptation;
}

/**
 * Matrices all the way: window to latents, latents to picture. It has no noise and no steps to choose: one step is all. Latents are what the
 * adaptation makes of them, and `history` counts what that has learned; `reset`, which is for windows that do not follow on one another, leaves
 * it alone: lessons hold on.
 */
export function linearDecoder(
  model: LinearModel,
  manifest: LinearManifest,
  options: AdaptationOptions = ADAPTATION,
): LinearDecoder {
  const { image, units, bins, latents } = manifest;
  const runner = new LinearRunner(model);
  const shape = { units: units.count, bins: bins.window, latents: latents.dimension };
  const adaptation = new LinearAdaptation(runner, shape, options);
  return {
    adaptation,
    kind: "linear",
    solver: "linear",
    steps: STEPS,
    guidance: null,
    state: "none",
    async decode(request) {
      checkRequest(request, manifest, STEPS);
      const startedMs = monotonicMs();
      const encoded = runner.encode(request.values, adaptation);
      const encodedMs = monotonicMs();
      const picture = runner.picture(steer(encoded.mu, manifest, request.steering));
      const steppedMs = [monotonicMs()];
      return {
        image: toRgb(picture, image.height, image.width),
        ...encoded,
        history: adaptation.updates,
        startedMs,
        encodedMs,
        steppedMs,
        synthesisedMs: monotonicMs(),
      } satisfies Decoded;
    },
    reset: () => {},
    dispose: async () => {},
  };
}
