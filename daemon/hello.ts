import type { Config } from "../src/config.ts";
import { guidanceOf, type Manifest } from "../src/decode/manifest.ts";
import type { HelloBody } from "../src/protocol/messages.ts";
import type { Bundle } from "./bundle.ts";

export const SERVER = "phosphene/0.1.0";

/** The first message of every connection: what this daemon decodes, with what. */
export function helloBody(
  bundle: Bundle,
  config: Config,
  session: string,
  nowMs: number,
  present = false,
): Omit<HelloBody, "role" | "viewer"> {
  const { manifest, digest } = bundle;
  const { bitsThreshold, explainedThreshold, atypicalityThreshold, missing = {} } = manifest.evidence;
  return {
    protocol: 1,
    server: SERVER,
    session,
    nowMs,
    unixMs: Date.now(),
    bundle: {
      name: manifest.name,
      kind: manifest.kind,
      digest,
      units: manifest.units.count,
      unitLabels: manifest.units.labels,
      bins: manifest.bins,
      image: manifest.image,
      latents: manifest.latents,
      readouts: manifest.readouts.map((each) => {
        const { name, kind, labels } = each;
        return { name, kind, unit: each.kind === "value" ? each.unit : "", labels };
      }),
      evidence: { bitsThreshold, explainedThreshold, atypicalityThreshold, missing },
    },
    budgetMs: config.decode.budgetMs,
    everyBins: config.decode.everyBins,
    source: { name: config.source.name, kind: config.source.kind },
    guidance: guidanceRange(manifest, config),
    present,
  };
}

/** What steering may ask of the sampler's guidance; the configuration's weight is the default where it has one. */
export function guidanceRange(manifest: Manifest, { decode }: Config): HelloBody["guidance"] {
  const range = guidanceOf(manifest);
  return range === undefined ? null : { ...range, default: decode.guidance ?? range.default };
}
