// `npm run bench -- linear`: the linear decoder alone, window in to picture out, in one process: back to back and at a cadence.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import { readBundleOf } from "../daemon/bundle.ts";
import { type LinearDecoder, linearDecoder } from "../daemon/decoder/linear.ts";
import { monotonicMs } from "../daemon/monotonic.ts";
import { type LinearModel, linearModel } from "../src/decode/linear.ts";
import type { LinearManifest } from "../src/decode/manifest.ts";
import { seededNoise } from "../src/decode/noise.ts";
import { type Distribution, distribution } from "./distribution.ts";
import { beginRun, type Origin, OUTPUT_OPTIONS, originText, publish } from "./output.ts";
import { distributionRow, table } from "./table.ts";

const WARM_UP = 300;
/** Windows that are gone through in turn. */
const WINDOWS = 64;

interface Result extends Origin {
  readonly bundle: string;
  readonly shape: string;
  readonly rows: { readonly name: string; readonly ms: Distribution }[];
}

/** Measures a bundle, or random matrices of given sizes, and reports. */
export async function linear(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      ...OUTPUT_OPTIONS,
      bundle: { type: "string" },
      sizes: { type: "string", default: "1024,5,64,64" },
      runs: { type: "string", default: "10000" },
      "cadence-runs": { type: "string", default: "3000" },
      cadence: { type: "string", default: "20" },
    },
  });
  const finish = beginRun("linear", args);
  const subject = values.bundle === undefined ? random(values.sizes) : await read(values.bundle);
  const { manifest, model, name } = subject;
  const decoder = linearDecoder(model, manifest);
  const length = manifest.bins.window * manifest.units.count;
  const windows = Array.from({ length: WINDOWS }, (_, i) => seededNoise(i + 1, length, 1));
  await timed(decoder, manifest, windows, WARM_UP, 0);
  const runs = values.smoke ? 20 : Number(values.runs);
  const paced = values.smoke ? 5 : Number(values["cadence-runs"]);
  const cadenceMs = Number(values.cadence);
  const rows = [
    ...stages("back to back", await timed(decoder, manifest, windows, runs, 0)),
    ...stages(`every ${cadenceMs} ms`, await timed(decoder, manifest, windows, paced, cadenceMs)),
    ...adapting(`every ${cadenceMs} ms, adapting`, await timed(decoder, manifest, windows, paced, cadenceMs, true)),
  ];
  const { units, bins, latents, image } = manifest;
  const shape = `${units.count} units x ${bins.window} bins, ${latents.dimension} latents, ${image.width}x${image.height}x3`;
  const result: Result = { ...finish(), bundle: name, shape, rows };
  publish(result, linearText(result), { json: values.json, write: values.write, section: values.section ?? "linear" });
}

interface Timing {
  readonly encode: number;
  readonly picture: number;
  readonly whole: number;
  /** Of the lesson that followed, if any: the work in slices. */
  readonly slices: readonly number[];
}

async function timed(
  decoder: LinearDecoder,
  { latents }: LinearManifest,
  windows: readonly Float32Array[],
  runs: number,
  cadenceMs: number,
  adapts = false,
): Promise<Timing[]> {
  const steering = latents.groups.map(() => 0);
  const target = seededNoise(0, latents.dimension, 1);
  decoder.adaptation.switch(adapts);
  const timings: Timing[] = [];
  const beginMs = monotonicMs();
  for (let i = 0; i < runs; i++) {
    if (cadenceMs > 0) await wait(Math.max(0, beginMs + i * cadenceMs - monotonicMs()));
    const values = windows[i % windows.length]!;
    const startMs = monotonicMs();
    const { startedMs, encodedMs, synthesisedMs } = await decoder.decode({ values, steps: 1, steering });
    const whole = monotonicMs() - startMs;
    const slices = adapts ? await lesson(decoder, values, target) : [];
    timings.push({ encode: encodedMs - startedMs, picture: synthesisedMs - encodedMs, whole, slices });
  }
  return timings;
}

/** A lesson as the daemon's host does it: a slice, a turn of the loop, a slice. Returns what each slice took: so long can a window wait for it. */
async function lesson({ adaptation }: LinearDecoder, values: Float32Array, target: Float32Array): Promise<number[]> {
  const slices: number[] = [];
  adaptation.teach(values, target);
  for (let isAtWork = true; isAtWork; ) {
    await new Promise((resolve) => setImmediate(resolve));
    const startMs = monotonicMs();
    isAtWork = adaptation.work();
    slices.push(monotonicMs() - startMs);
  }
  return slices;
}

/** The frames of a decoder that learns from every window, what a lesson takes, and the slices that it is done in. */
function adapting(name: string, timings: readonly Timing[]): Result["rows"] {
  const lessons = timings.map(({ slices }) => slices.reduce((sum, ms) => sum + ms, 0));
  return [
    ...stages(name, timings),
    { name: `${name}: lesson, after the frame`, ms: distribution(lessons) },
    { name: `${name}: a slice of it`, ms: distribution(timings.flatMap(({ slices }) => slices)) },
  ];
}

function stages(name: string, timings: readonly Timing[]): Result["rows"] {
  return (["whole", "encode", "picture"] as const).map((stage) => ({
    name: `${name}: ${stage}`,
    ms: distribution(timings.map((timing) => timing[stage])),
  }));
}

interface Subject {
  readonly name: string;
  readonly manifest: LinearManifest;
  readonly model: LinearModel;
}

async function read(dir: string): Promise<Subject> {
  const { manifest } = await readBundleOf(dir, "linear");
  return {
    name: manifest.name,
    manifest,
    model: linearModel(manifest, readFileSync(join(dir, manifest.files.matrices.path))),
  };
}

const sizesSchema = z.tuple([z.int().positive(), z.int().positive(), z.int().positive(), z.int().positive()]);

/** Random matrices; of the manifest only what the decoder reads has a meaning. */
function random(text: string): Subject {
  const [units, window, D, side] = sizesSchema.parse(text.split(",").map(Number));
  const affine = (out: number, inputs: number, seed: number) => ({
    weights: seededNoise(seed, out * inputs, 1 / Math.sqrt(inputs)),
    bias: new Float32Array(out),
  });
  const place = { offset: 0, shape: [1] };
  const nowhere = { weights: place, bias: place };
  const file = { path: "none", sha256: "0".repeat(64), bytes: 0 };
  const manifest: LinearManifest = {
    ...{ format: 1, name: "random matrices", kind: "linear" },
    units: { count: units, labels: [] },
    bins: { widthMs: 20, window },
    normalisation: { kind: "zscore", mean: [], std: [], clip: 8 },
    latents: { dimension: D, groups: [{ name: "all", size: D }] },
    readouts: [],
    image: { height: side, width: side, channels: 3 },
    matrices: { encode: nowhere, logvar: place, picture: nowhere, expected: nowhere, readouts: {} },
    files: { matrices: file, golden: file },
    evidence: {
      bitsThreshold: 0,
      explainedThreshold: 0,
      atypicalityThreshold: 0,
      latentMean: [],
      latentStd: [],
      calibration: null,
    },
    ...{ provenance: {}, metrics: {} },
  };
  const model = {
    encode: affine(D, window * units, 1),
    logvar: new Float32Array(D),
    picture: affine(3 * side * side, D, 2),
    expected: affine(units, D, 3),
    readouts: [],
  };
  return { name: manifest.name, manifest, model };
}

/** The report of a result, Markdown. */
export function linearText(result: Result): string {
  const rows = result.rows.map(({ name, ms }) => distributionRow(name, ms));
  return [`Linear decoder, ${result.bundle}: ${result.shape}.`, "", ...table(rows), "", originText(result)].join("\n");
}
