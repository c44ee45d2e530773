import type { Decoder } from "../../src/decode/decoder.ts";
import { type Clean, editTimes, guidedDdim, invert, type Push } from "../../src/decode/edit.ts";
import { FUSED_STEPS, type GuidedManifest } from "../../src/decode/manifest.ts";
import { seededNoise } from "../../src/decode/noise.ts";
import { expected, PhospheneError } from "../../src/errors.ts";
import { encodeThenDraw } from "./encode-then-draw.ts";
import type { Graph } from "./graph.ts";
import type { GraphKind, GraphShapes } from "./graph-kind.ts";
import { chooseGuidance, type DecoderOptions, readoutShapes, steer, stepsUpTo } from "./request.ts";

/** What a picture is made for. */
interface Wish {
  readonly mu: Float32Array;
  readonly gamma: Float32Array;
  readonly eta: number;
}

/** A picture [3, H, W] in [-1, 1]; `onRun` after each run of a graph. */
type Draw = (wish: Wish, onRun: () => void) => Promise<Float32Array>;

/** Kind `guided`: the student answers a change of slider in one run; the exact way is the oracle it was taught by. */
export const guidedKind: GraphKind<GuidedManifest> = { shapes, make };

function shapes(manifest: GuidedManifest): Record<string, GraphShapes> {
  const { bins, units, latents, image } = manifest;
  const picture = [1, 3, image.height, image.width];
  const cond = [1, latents.dimension];
  const gamma = [1, latents.groups.length];
  const encoded = { mu: cond, logvar: cond, expected: [1, units.count], ...readoutShapes(manifest) };
  const sample = { inputs: { noise: picture, cond, gamma, eta: [1] }, outputs: { image: picture } };
  const exact = {
    denoise: { inputs: { x: picture, t: [1], cond, given: gamma }, outputs: { x0: picture } },
    guide: {
      inputs: { x0: picture, t: [1], target: cond, weight: gamma, eta: [1] },
      outputs: { push: picture, gain: gamma },
    },
  };
  return {
    encode: { inputs: { window: [1, bins.window, units.count] }, outputs: encoded, precise: true },
    ...Object.fromEntries(FUSED_STEPS.map((k) => [`sample-${k}`, sample])),
    ...(manifest.exact === undefined ? {} : exact),
  };
}

function make(graphs: Readonly<Record<string, Graph>>, manifest: GuidedManifest, options: DecoderOptions): Decoder {
  const { image, exact } = manifest;
  const isExact = options.solver === "exact";
  if (isExact && exact === undefined)
    throw new PhospheneError("PARAMETER_INVALID", expected("decode.solver", '"ddim": no exact graphs here', "exact"));
  const steps = stepsUpTo([...FUSED_STEPS, ...(isExact ? exact!.ladder : [])], options.maxSteps);
  const guidance = chooseGuidance(manifest, options.guidance);
  const noise = seededNoise(options.seed, 3 * image.height * image.width);
  const draws = new Map(
    steps.map((k): [number, Draw] => [
      k,
      k <= 4 ? student(graphs, manifest, noise, k) : exactly(graphs, manifest, noise, k),
    ]),
  );
  return encodeThenDraw({
    kind: "guided",
    solver: isExact ? "exact" : "ddim",
    ...{ steps, guidance, manifest, encode: graphs.encode!, graphs: Object.values(graphs) },
    draw({ mu }, request, onRun) {
      const wish = { mu: mu!, gamma: Float32Array.from(request.steering), eta: request.guidance ?? guidance ?? 0 };
      return draws.get(request.steps)!(wish, onRun);
    },
  });
}

/** Latents, gamma and eta to the edited picture, in k steps of one network. */
function student(
  graphs: Readonly<Record<string, Graph>>,
  { gamma }: GuidedManifest,
  noise: Float32Array,
  k: number,
): Draw {
  const held = (value: number) => Math.min(gamma.largest, Math.max(-gamma.largest, value));
  return async (wish, onRun) => {
    const given = { noise, cond: wish.mu, gamma: wish.gamma.map(held), eta: Float32Array.of(wish.eta) };
    const { image } = await graphs[`sample-${k}`]!.run(given);
    onRun();
    return image!;
  };
}

/** MIG-Vis: the student's unsteered picture, inverted in k steps, then k steps of guided DDIM. */
function exactly(
  graphs: Readonly<Record<string, Graph>>,
  manifest: GuidedManifest,
  noise: Float32Array,
  k: number,
): Draw {
  const { deepest, refine, knows, guides } = manifest.exact!;
  const times = editTimes(k, deepest);
  const unsteered = student(graphs, manifest, noise, FUSED_STEPS.at(-1)!);
  return async ({ mu, gamma, eta }, onRun) => {
    const given = gamma.map((value) => (knows === "others" && value === 0 ? 1 : 0));
    const weight = gamma.map((value) => (guides === "all" || value !== 0 ? 1 : 0));
    const target = steer(mu, manifest, [...gamma]);
    const clean: Clean = async (x, t) => {
      const { x0 } = await graphs.denoise!.run({ x, t: Float32Array.of(t), cond: mu, given });
      onRun();
      return x0!;
    };
    const push: Push = async (x0, t) => {
      const own = { x0, t: Float32Array.of(t), target, weight, eta: Float32Array.of(eta) };
      return (await graphs.guide!.run(own)).push!;
    };
    const start = await unsteered({ mu, gamma: new Float32Array(gamma.length), eta: 0 }, onRun);
    const state = await invert(clean, start, times, refine);
    return guidedDdim(clean, state, times, eta === 0 ? null : push);
  };
}
