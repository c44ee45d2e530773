import { readBundle } from "../../daemon/bundle.ts";
import { diffusionDecoder } from "../../daemon/decoder/diffusion.ts";
import { loadGraphs } from "../../daemon/decoder/graphs.ts";
import { TINY } from "../integration/processes.ts";
import { decoderContract } from "./decoder-suite.ts";

for (const solver of ["ddim", "ipndm"] as const)
  decoderContract({
    name: `diffusion, ${solver}`,
    open: async (seed) => {
      const { manifest } = await readBundle(TINY);
      const graphs = await loadGraphs(TINY, manifest, 1);
      return { manifest, decoder: diffusionDecoder(graphs, manifest, { solver, maxSteps: 4, seed }) };
    },
  });
