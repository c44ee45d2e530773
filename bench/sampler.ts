// `npm run bench -- sampler`: the model alone, host array in to host array out, by onnxruntime-node's plain binding and by bound graphs, each in a
// process of its own; and whether both give the same answers.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { cudaLibraries, withFolders } from "../daemon/decoder/libraries.ts";
import type { Provider, Runner } from "../daemon/decoder/providers.ts";
import { type Distribution, distribution } from "./distribution.ts";
import { beginRun, type Origin, OUTPUT_OPTIONS, originText, publish } from "./output.ts";
import { type Agreement, compare } from "./sampler/compare.ts";
import type { Job, WorkerResult } from "./sampler/job.ts";
import { table } from "./table.ts";

const WORKER = fileURLToPath(new URL("./sampler/worker.ts", import.meta.url));
const SMOKE = { runs: 5, cadencesMs: [0, 5], inputs: 3 };
const RUNNERS: readonly Runner[] = ["plain", "bound"];

type Row = Omit<Distribution, "curve"> & {
  readonly path: Runner;
  readonly provider: string;
  readonly graph: "encode" | "sample";
  readonly k: number | null;
  readonly dtype: string;
  readonly cadenceMs: number;
};

/** What is kept of a run. */
export interface SamplerResult extends Origin {
  readonly bundle: string;
  readonly rows: readonly Row[];
  readonly agreement: readonly Agreement[];
  readonly loadMs: Readonly<Record<string, number>>;
}

/** Measures and reports; sets exit code 1 when the control of the comparison went unnoticed. */
export async function sampler(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      ...OUTPUT_OPTIONS,
      bundle: { type: "string", default: "models/demo" },
      provider: { type: "string", default: "cpu" },
      runs: { type: "string", default: "1000" },
      cadence: { type: "string", default: "0,20" },
      steps: { type: "string", default: "1,2,4" },
      inputs: { type: "string", default: "15" },
      threads: { type: "string", default: "2" },
      "warm-ms": { type: "string" },
      only: { type: "string" },
      "cuda-option": { type: "string", multiple: true, default: [] },
    },
  });
  const numbers = (text: string) => text.split(",").map(Number);
  const cadencesMs = values.smoke ? SMOKE.cadencesMs : numbers(values.cadence);
  const cudaOptions = Object.fromEntries(values["cuda-option"].map((pair) => pair.split("=")));
  const shared = { bundle: values.bundle, threads: Number(values.threads), steps: numbers(values.steps), cudaOptions };
  const warmMs = values["warm-ms"] === undefined ? null : Number(values["warm-ms"]);
  const task = { kind: "time" as const, runs: values.smoke ? SMOKE.runs : Number(values.runs), cadencesMs, warmMs };
  const finish = beginRun("sampler", args);
  const provider = values.provider as Provider; // the worker refuses what it does not know
  const runners = RUNNERS.filter((runner) => values.only === undefined || values.only === runner);
  const timed = new Map<Runner, WorkerResult>();
  for (const runner of runners) timed.set(runner, await work({ ...shared, provider, runner, task }));
  const inputs = values.smoke ? SMOKE.inputs : Number(values.inputs);
  const agreement = values.only === undefined ? await agree({ ...shared, provider }, inputs) : [];
  const rows = [...timed].flatMap(([runner, made]) => rowsOf(runner, provider, made));
  const loadMs = Object.fromEntries([...timed].map(([runner, made]) => [runner, made.loadMs]));
  const result: SamplerResult = { ...finish(), bundle: values.bundle, rows, agreement, loadMs };
  publish(result, samplerText(result), {
    json: values.json,
    write: values.write,
    section: values.section ?? "sampler",
  });
  if (agreement.some(({ staleNoticed, inputs: n }) => staleNoticed < n - 1)) process.exitCode = 1;
}

/** The plain binding, bound graphs, and bound graphs that get no new input. */
async function agree(shared: Omit<Job, "runner" | "task">, inputs: number): Promise<Agreement[]> {
  const outputs = async (runner: Runner, stale: boolean) =>
    (await work({ ...shared, runner, task: { kind: "outputs", inputs, stale } })).outputs;
  return compare(await outputs("plain", false), await outputs("bound", false), await outputs("bound", true));
}

async function work(job: Job): Promise<WorkerResult> {
  const env = job.provider === "cuda" ? withFolders(cudaLibraries(), process.env) : process.env;
  const options = { env, maxBuffer: 2 ** 30 };
  const { stdout } = await promisify(execFile)(process.execPath, [WORKER, JSON.stringify(job)], options);
  return JSON.parse(stdout) as WorkerResult; // our own child's
}

function rowsOf(path: Runner, provider: string, { timings }: WorkerResult): Row[] {
  return timings.map(({ values, ...timing }) => {
    const { curve: _, ...percentiles } = distribution(values);
    return { path, provider, ...timing, ...percentiles };
  });
}

/** The report of a result, Markdown. */
export function samplerText(result: SamplerResult): string {
  const head = ["graph", "path", "dtype", "cadence", "p50", "p90", "p99", "p99.9", "max", "N"];
  const cells = result.rows.map(({ graph, k, path, provider, dtype, cadenceMs, p50, p90, p99, p999, max, n }) => [
    k === null ? graph : `${k} steps`,
    `${path}, ${provider}`,
    dtype,
    cadenceMs === 0 ? "none" : `${cadenceMs} ms`,
    ...[p50, p90, p99, p999, max].map((ms) => ms.toFixed(3)),
    String(n),
  ]);
  const agreed = result.agreement.map(
    ({ graph, inputs, bitEqual, worst, staleNoticed }) =>
      `${graph}: ${bitEqual} of ${inputs} bit-equal (largest difference ${worst.toExponential(1)}), control noticed on ${staleNoticed}`,
  );
  const loads = Object.entries(result.loadMs).map(([path, ms]) => `${path} ${(ms / 1000).toFixed(1)} s`);
  return [
    originText(result),
    `Bundle \`${result.bundle}\`; host array in to host array out, ms; loaded and warm after: ${loads.join(", ")}.`,
    "",
    ...table(cells, head),
    ...(agreed.length === 0 ? [] : ["", `Same answers on fresh random inputs: ${agreed.join("; ")}.`]),
  ].join("\n");
}

if (import.meta.main) await sampler(process.argv.slice(2));
