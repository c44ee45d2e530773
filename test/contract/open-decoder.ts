import { readBundle } from "../../daemon/bundle.ts";
import { InProcessHost } from "../../daemon/decoder/in-process.ts";
import { openKind } from "../../daemon/decoder/kinds.ts";
import { loadDecoder } from "../../daemon/decoder/load.ts";
import type { Runner } from "../../daemon/decoder/providers.ts";
import type { DecoderOptions } from "../../daemon/decoder/request.ts";
import type { Decoder } from "../../src/decode/decoder.ts";
import type { Manifest } from "../../src/decode/manifest.ts";

export interface Opened {
  readonly decoder: Decoder;
  readonly manifest: Manifest;
}

/** A decoder of a bundle with graphs, on the CPU. */
export async function openDecoder(dir: string, runner: Runner, options: Partial<DecoderOptions> = {}): Promise<Opened> {
  const { manifest } = await readBundle(dir);
  if (manifest.kind === "linear") throw new Error("a linear bundle has no graphs");
  const asked = { solver: "ddim", maxSteps: 64, guidance: null, seed: 1, threads: 1, ...options } as const;
  const { decoder } = await openKind(dir, manifest, { ...asked, way: { provider: "cpu", runner } }, () => {});
  return { manifest, decoder };
}

/** All that the daemon does with a bundle before it decodes; returns the largest difference to the golden outputs. */
export async function loadBundle(dir: string): Promise<number> {
  const { manifest } = await readBundle(dir);
  if (manifest.kind === "linear") {
    const host = new InProcessHost({ dir, manifest, guidance: null, onState: () => {} });
    return (await host.start()).goldenDifference;
  }
  const way = { provider: "cpu", runner: "plain" } as const;
  const options = {
    dir,
    solver: "ddim",
    maxSteps: 4,
    guidance: null,
    seed: 1,
    threads: 1,
    keepWarmMs: null,
    way,
  } as const;
  const { decoder, info } = await loadDecoder(options, () => {});
  await decoder.dispose();
  return info.goldenDifference;
}
