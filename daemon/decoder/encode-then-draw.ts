import type { Decoded, DecodeRequest, Decoder } from "../../src/decode/decoder.ts";
import type { Manifest } from "../../src/decode/manifest.ts";
import { monotonicMs } from "../monotonic.ts";
import type { Graph } from "./graph.ts";
import { checkRequest, readoutsOf, releaseAll } from "./request.ts";
import { toRgb } from "./rgb.ts";

type Encoded = Readonly<Record<string, Float32Array>>;

export interface EncodeThenDraw extends Pick<Decoder, "kind" | "solver" | "steps" | "guidance"> {
  readonly manifest: Manifest;
  /** Window to `mu`, `expected`, readouts and, where there is a posterior, `logvar`. */
  readonly encode: Graph;
  /** The planar picture of what `encode` gave, in [-1, 1]; `onRun` after each run of a graph. */
  readonly draw: (encoded: Encoded, request: DecodeRequest, onRun: () => void) => Promise<Float32Array>;
  /** Released by `dispose`. */
  readonly graphs: Iterable<Graph>;
}

/** A decoder in two stages without a history: an encoder for the evidence, then whatever draws the picture. */
export function encodeThenDraw({ manifest, encode, draw, graphs, ...what }: EncodeThenDraw): Decoder {
  const { height, width } = manifest.image;
  return {
    ...what,
    state: "none",
    async decode(request) {
      checkRequest(request, manifest, what.steps);
      const startedMs = monotonicMs();
      const encoded = await encode.run({ window: request.values });
      const encodedMs = monotonicMs();
      const steppedMs: number[] = [];
      const picture = await draw(encoded, request, () => steppedMs.push(monotonicMs()));
      return {
        image: toRgb(picture, height, width),
        mu: encoded.mu!,
        logvar: encoded.logvar ?? new Float32Array(0),
        expected: encoded.expected!,
        readouts: readoutsOf(encoded),
        history: 0,
        startedMs,
        encodedMs,
        steppedMs,
        synthesisedMs: monotonicMs(),
      } satisfies Decoded;
    },
    reset: () => {},
    dispose: () => releaseAll(graphs),
  };
}
