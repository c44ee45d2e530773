// One path of `npm run bench -- sampler` in a process of its own: a plain CUDA session beside bound ones would disturb their capture.
import { readBundleOf } from "../../daemon/bundle.ts";
import { openBound, servingOptions } from "../../daemon/decoder/bound.ts";
import type { Graph } from "../../daemon/decoder/graph.ts";
import { type Graphs, loadGraphs, type OpenGraph } from "../../daemon/decoder/graphs.ts";
import { monotonicMs } from "../../daemon/monotonic.ts";
import type { DiffusionManifest } from "../../src/decode/manifest.ts";
import { seededNoise } from "../../src/decode/noise.ts";
import type { Job, Outputs, Timing, WorkerResult } from "./job.ts";

const WARM_UP_RUNS = 20;
/** Kept free before a run that is due, when the device is kept warm in between, ms. */
const GUARD_MS = 2;
const job = JSON.parse(process.argv[2]!) as Job; // of our own parent
const { manifest } = await readBundleOf(job.bundle, "diffusion");
const startedMs = monotonicMs();
const graphs = await loadGraphs(job.bundle, manifest, job.threads, job, opener());
const subjects = subjectsOf(graphs, manifest);
for (const { graph, inputs } of subjects) for (let i = 0; i < WARM_UP_RUNS; i++) await graph.run(inputs(0));
const loadMs = monotonicMs() - startedMs;
const result: WorkerResult = { timings: await time(), outputs: await outputs(), loadMs };
await new Promise((written) => process.stdout.write(JSON.stringify(result), written));
for (const { graph } of subjects) await graph.release();

interface Subject {
  readonly name: string;
  readonly k: number | null;
  readonly dtype: string;
  readonly graph: Graph;
  /** Fresh values for every seed. */
  readonly inputs: (seed: number) => Record<string, Float32Array>;
}

function subjectsOf(
  { encode, sample, precision }: Graphs,
  { bins, units, image, latents }: DiffusionManifest,
): Subject[] {
  const window = (seed: number) => ({ window: seededNoise(10 * seed + 1, bins.window * units.count, 1) });
  const given = (seed: number) => ({
    noise: seededNoise(10 * seed + 2, 3 * image.height * image.width, 1),
    cond: seededNoise(10 * seed + 3, latents.dimension, 1),
    guidance: Float32Array.of(manifest.guidance?.default ?? 1),
  });
  const samplers = job.steps.map((k) => ({
    ...{ name: `sample-${k}`, k, dtype: precision.sample },
    ...{ graph: sample.get(k)!, inputs: given },
  }));
  return [{ name: "encode", k: null, dtype: precision.encode, graph: encode, inputs: window }, ...samplers];
}

/** As it serves; to compare outputs, with the options that the plain binding has, since other convolutions round otherwise. */
function opener(): OpenGraph | undefined {
  if (job.runner === "plain") return undefined;
  const { task, cudaOptions } = job;
  const parity = task.kind === "time" ? {} : { use_tf32: "1", cudnn_conv_algo_search: "EXHAUSTIVE" };
  const isStale = task.kind === "outputs" && task.stale;
  const open = openBound(job.provider, job.threads, {
    optionsFor: (tf32) => ({ ...servingOptions(tf32), ...parity, ...cudaOptions }),
    ...(isStale && { change: (runtime) => ({ ...runtime, upload: () => {} }) }),
  });
  return async (path, inputs, wanted, tf32) => open(path, inputs, wanted, tf32);
}

async function time(): Promise<Timing[]> {
  const { task } = job;
  if (task.kind !== "time") return [];
  const timings: Timing[] = [];
  for (const cadenceMs of task.cadencesMs)
    for (const { k, dtype, graph, inputs } of subjects) {
      const values = await timeOne(graph, inputs(1), task.runs, cadenceMs, task.warmMs);
      timings.push({ graph: k === null ? "encode" : "sample", k, dtype, cadenceMs, values });
    }
  return timings;
}

async function timeOne(
  graph: Graph,
  inputs: Record<string, Float32Array>,
  runs: number,
  cadenceMs: number,
  warmMs: number | null,
): Promise<number[]> {
  const values: number[] = [];
  const firstMs = monotonicMs();
  for (let i = 0; i < runs; i++) {
    await waitUntil(firstMs + i * cadenceMs, warmMs);
    const from = monotonicMs();
    await graph.run(inputs);
    values.push(monotonicMs() - from);
  }
  return values;
}

/** Sleeps as a process that waits for a message does; with `warmMs`, the encoder runs that often meanwhile. */
async function waitUntil(dueMs: number, warmMs: number | null): Promise<void> {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const { graph, inputs } = subjects[0]!;
  const input = warmMs === null ? {} : inputs(0);
  for (;;) {
    const leftMs = dueMs - monotonicMs();
    if (leftMs <= 0) return;
    if (warmMs === null || leftMs < warmMs + GUARD_MS) {
      Atomics.wait(cell, 0, 0, leftMs);
      return;
    }
    Atomics.wait(cell, 0, 0, warmMs);
    await graph.run(input);
  }
}

/** On the CPU nothing is uploaded: there, `stale` runs the first input again and again. */
async function outputs(): Promise<Outputs[]> {
  const { task } = job;
  if (task.kind !== "outputs") return [];
  const all: Outputs[] = [];
  for (const { name, graph, inputs } of subjects) {
    const values: string[] = [];
    for (let seed = 1; seed <= task.inputs; seed++) {
      const isReplay = task.stale && job.provider === "cpu";
      const made = await graph.run(inputs(isReplay ? 1 : seed));
      values.push(Buffer.concat(Object.values(made).map((each) => new Uint8Array(each.buffer))).toString("base64"));
    }
    all.push({ graph: name, values });
  }
  return all;
}
