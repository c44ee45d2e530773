import type { Decoded, Decoder } from "../../src/decode/decoder.ts";
import { type LinearModel, LinearRunner } from "../../src/decode/linear.ts";
import type { LinearManifest } from "../../src/decode/manifest.ts";
import { monotonicMs } from "../monotonic.ts";
import { checkRequest, steer } from "./request.ts";
import { toRgb } from "./rgb.ts";

const STEPS = [1];

/** Matrices all the way: window to latents, latents to picture. It has no noise and no steps to choose: one step is all. */
export function linearDecoder(model: LinearModel, manifest: LinearManifest): Decoder {
  const { image } = manifest;
  const runner = new LinearRunner(model);
  return {
    kind: "linear",
    solver: "linear",
    steps: STEPS,
    guidance: null,
    async decode(request) {
      checkRequest(request, manifest, STEPS);
      const startedMs = monotonicMs();
      const encoded = runner.encode(request.values);
      const encodedMs = monotonicMs();
      const picture = runner.picture(steer(encoded.mu, manifest, request.steering));
      const steppedMs = [monotonicMs()];
      return {
        image: toRgb(picture, image.height, image.width),
        ...encoded,
        startedMs,
        encodedMs,
        steppedMs,
        synthesisedMs: monotonicMs(),
      } satisfies Decoded;
    },
    dispose: async () => {},
  };
}
