import { ADAPTATION, type AdaptationOptions } from "../../src/decode/adaptation.ts";
import type { Bundle } from "../bundle.ts";
import type { DecoderHost } from "./host.ts";
import { InProcessHost } from "./in-process.ts";
import { DecoderSupervisor, type SupervisorOptions } from "./supervisor.ts";

/** The host that a bundle's kind needs: its own process for everything that runs ONNX graphs, the daemon's for matrices (D-031). */
export function chooseHost(
  { dir, manifest }: Bundle,
  options: SupervisorOptions,
  adapt: AdaptationOptions = ADAPTATION,
): DecoderHost {
  if (manifest.kind !== "linear") return new DecoderSupervisor(options);
  const { onState, onProgress, beside = false } = options;
  return new InProcessHost({
    dir,
    manifest,
    guidance: options.load.guidance,
    adapt,
    beside,
    onState,
    ...(onProgress && { onProgress }),
  });
}
