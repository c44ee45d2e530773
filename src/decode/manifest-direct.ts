import { z } from "zod";
import { graphFiles } from "./manifest-graphs.ts";
import { parts } from "./manifest-parts.ts";

/** Kind `direct`: one ONNX graph from window and steering to everything, the picture too. */
export const directManifest = z.strictObject({
  ...parts,
  kind: z.literal("direct"),
  files: graphFiles(["decode"]),
});

export type DirectManifest = Readonly<z.infer<typeof directManifest>>;
