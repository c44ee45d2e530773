import type { Config } from "../src/config.ts";
import type { HelloBody } from "../src/protocol/messages.ts";
import type { Bundle } from "./bundle.ts";

export const SERVER = "phosphene/0.1.0";

/** The first message of every connection: what this daemon decodes, with what. */
export function helloBody(bundle: Bundle, config: Config, session: string, nowMs: number): HelloBody {
  const { manifest, digest } = bundle;
  const { bitsThreshold, explainedThreshold, atypicalityThreshold } = manifest.evidence;
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
      evidence: { bitsThreshold, explainedThreshold, atypicalityThreshold },
    },
    budgetMs: config.decode.budgetMs,
    everyBins: config.decode.everyBins,
    source: { name: config.source.name, kind: config.source.kind },
  };
}
