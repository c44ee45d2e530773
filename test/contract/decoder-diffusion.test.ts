import { afterAll, beforeAll, expect, test } from "vitest";
import { readBundleOf } from "../../daemon/bundle.ts";
import { diffusionDecoder } from "../../daemon/decoder/diffusion.ts";
import { type Graphs, loadGraphs } from "../../daemon/decoder/graphs.ts";
import type { DiffusionManifest } from "../../src/decode/manifest.ts";
import { TINY } from "../integration/processes.ts";
import { decoderContract } from "./decoder-suite.ts";
import { openDecoder } from "./open-decoder.ts";

const SUBJECTS = [
  ["ddim", "plain"],
  ["ddim", "bound"],
  ["ipndm", "plain"],
  ["ipndm", "bound"],
] as const;
for (const [solver, runner] of SUBJECTS)
  decoderContract({
    name: `diffusion, ${solver}, ${runner}`,
    dir: TINY,
    seeded: true,
    open: (seed) => openDecoder(TINY, runner, { solver, maxSteps: 4, seed }),
  });

let manifest: DiffusionManifest;
let graphs: Graphs;
beforeAll(async () => {
  ({ manifest } = await readBundleOf(TINY, "diffusion"));
  graphs = await loadGraphs(TINY, manifest, 1);
});
afterAll(async () => {
  for (const graph of [graphs.encode, graphs.step, ...graphs.sample.values()]) await graph.release();
});

const open = (guidance: number | null) =>
  diffusionDecoder(graphs, manifest, { solver: "ddim", maxSteps: 4, guidance, seed: 1 });
const request = () => ({
  values: new Float32Array(manifest.bins.window * manifest.units.count),
  steps: 2,
  steering: manifest.latents.groups.map(() => 0),
});

test("the guidance weight reaches the network, the bundle's default unless told otherwise", async () => {
  const byDefault = open(null);
  expect(byDefault.guidance).toBe(manifest.guidance!.default);
  const { image } = await byDefault.decode(request());
  expect((await open(manifest.guidance!.default).decode(request())).image).toEqual(image);
  const most = await open(manifest.guidance!.max).decode(request());
  expect(most.image).not.toEqual(image);
  // A window's own weight goes before the decoder's, and holds for that window only.
  expect((await byDefault.decode({ ...request(), guidance: manifest.guidance!.max })).image).toEqual(most.image);
  expect((await byDefault.decode(request())).image).toEqual(image);
});

test("a guidance weight outside the bundle's range is refused", () => {
  expect(() => open(9)).toThrow(/PARAMETER_INVALID.*decode\.guidance: expected 1 to 3, got 9/);
  const { guidance: _, ...without } = manifest;
  const options = { solver: "ddim", maxSteps: 4, guidance: 2, seed: 1 } as const;
  expect(() => diffusionDecoder(graphs, without, options)).toThrow(/expected null: the bundle has no guidance, got 2/);
  expect(diffusionDecoder(graphs, without, { ...options, guidance: null }).guidance).toBeNull();
});
