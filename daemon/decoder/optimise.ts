import type { Decoded, Decoder } from "../../src/decode/decoder.ts";
import { type OptimiseManifest, parcels } from "../../src/decode/manifest-optimise.ts";
import { seededNoise } from "../../src/decode/noise.ts";
import { monotonicMs } from "../monotonic.ts";
import type { Graph } from "./graph.ts";
import type { GraphKind, GraphShapes } from "./graph-kind.ts";
import { checkRequest, type DecoderOptions, releaseAll, stepsUpTo } from "./request.ts";
import { toRgb } from "./rgb.ts";
import { size } from "./shapes.ts";

/** What goes from frame to frame. */
interface State {
  readonly picture: Float32Array;
  /** Empty where a prior is used. */
  readonly momentum: Float32Array;
  /** Iterations since it was grey. */
  readonly age: number;
  /** Windows since it was grey. */
  readonly windows: number;
}

/** A frame's work: a state and a window to the next state; `onRun` after each run of a graph. */
type Advance = (state: State, window: Float32Array, steps: number, onRun: () => void) => Promise<State>;

/** Kind `optimise`: the picture of the last frame, improved for this window by as many iterations as the budget allows. */
export const optimiseKind: GraphKind<OptimiseManifest> = { shapes, make };

/** Graphs of a bundle: docs/bundle.md, "Graphs of an optimise bundle". */
function shapes(manifest: OptimiseManifest): Record<string, GraphShapes> {
  const { bins, units, image, optimise } = manifest;
  const window = [1, bins.window, units.count];
  const picture = pictureShape(manifest);
  const judge = {
    inputs: { window, picture },
    outputs: { image: [1, 3, image.height, image.width], expected: [1, units.count], loss: [1] },
    precise: true,
  };
  const iterate = {
    inputs: { window, picture, momentum: picture, age: [1] },
    outputs: { next_picture: picture, next_momentum: picture },
  };
  const guide = { inputs: { window, picture, noise: picture, first: [1] }, outputs: { next_picture: picture } };
  const named = (name: string, all: readonly number[], each: GraphShapes) =>
    all.map((k): [string, GraphShapes] => [`${name}-${k}`, each]);
  return Object.fromEntries([
    ["judge", judge],
    ...named("iterate", optimise.unrolled ?? [], iterate),
    ...named("guide", optimise.prior?.runs ?? [], guide),
  ]);
}

function make(graphs: Readonly<Record<string, Graph>>, manifest: OptimiseManifest, options: DecoderOptions): Decoder {
  const { image, optimise } = manifest;
  const steps = stepsUpTo(optimise.prior?.runs ?? optimise.ladder ?? [], options.maxSteps);
  const advance = optimise.prior === undefined ? descent(graphs, manifest) : guided(graphs, manifest, options.seed);
  const numbers = size(pictureShape(manifest));
  const grey = { picture: new Float32Array(numbers), momentum: new Float32Array(numbers), age: 0, windows: 0 };
  let state: State = grey;
  return {
    kind: manifest.kind,
    solver: optimise.prior === undefined ? "momentum" : "energy-guided ddim",
    steps,
    guidance: null,
    state: "history",
    async decode(request) {
      checkRequest(request, manifest, steps);
      const before = state;
      const startedMs = monotonicMs();
      const steppedMs: number[] = [];
      const next = await advance(before, request.values, request.steps, () => steppedMs.push(monotonicMs()));
      const judged = await graphs.judge!.run({ window: request.values, picture: next.picture });
      // A run that failed leaves the state as it was.
      state = next;
      return {
        image: toRgb(judged.image!, image.height, image.width),
        mu: new Float32Array(0),
        logvar: new Float32Array(0),
        expected: judged.expected!,
        readouts: {},
        history: before.windows,
        startedMs,
        encodedMs: startedMs,
        steppedMs,
        synthesisedMs: monotonicMs(),
      } satisfies Decoded;
    },
    reset() {
      state = grey;
    },
    dispose: () => releaseAll(Object.values(graphs)),
  };
}

/** Iterations of the descent, from the last picture and with its momentum. */
function descent(graphs: Readonly<Record<string, Graph>>, { optimise }: OptimiseManifest): Advance {
  return async (before, window, steps, onRun) => {
    let { picture, momentum, age } = before;
    for (const k of parcels(steps, optimise.unrolled ?? []) ?? []) {
      const found = await graphs[`iterate-${k}`]!.run({ window, picture, momentum, age: Float32Array.of(age) });
      [picture, momentum, age] = [found.next_picture!, found.next_momentum!, age + k];
      onRun();
    }
    return { picture, momentum, age, windows: before.windows + 1 };
  };
}

/** Energy-guided DDIM, from the session's noise added to the last picture. */
function guided(graphs: Readonly<Record<string, Graph>>, manifest: OptimiseManifest, seed: number): Advance {
  const noise = seededNoise(seed, size(pictureShape(manifest)));
  return async (before, window, steps, onRun) => {
    const first = Float32Array.of(before.windows === 0 ? 1 : 0);
    const found = await graphs[`guide-${steps}`]!.run({ window, picture: before.picture, noise, first });
    onRun();
    const { momentum, age, windows } = before;
    return { picture: found.next_picture!, momentum, age: age + steps, windows: windows + 1 };
  };
}

function pictureShape({ image, optimise }: OptimiseManifest): number[] {
  return [optimise.pictures, optimise.channels, image.height, image.width];
}
