import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { beginRun, OUTPUT_OPTIONS, publish } from "../output.ts";
import { openBundle } from "./bundle.ts";
import { type Comparison, compareSystems, type Workload } from "./compare.ts";
import { findLimit, type Limit } from "./limits.ts";
import { peersPython, torchEnv, torchPython } from "./python.ts";
import { type PeersResult, peersText } from "./report.ts";
import { SYSTEMS } from "./systems.ts";

const ROOT = join(import.meta.dirname, "../..");
const TINY = "test/fixtures/tiny-linear";
const SPIKE_STEPS = [5_000, 10_000, 20_000, 30_000, 40_000, 60_000, 80_000, 100_000, 120_000];
const FRAME_STEPS = [50, 100, 200, 500, 1000];
/** Where results go in docs/performance.md, by the kind of the bundle. */
const SECTIONS: Record<string, string> = { linear: "peers", diffusion: "peers-diffusion" };
/** Ours and one peer, by the kind of the bundle. */
const SMOKE: Record<string, string> = { linear: "phosphene,ezmsg", diffusion: "phosphene,torch" };
const LIMIT = { seconds: 6, rounds: 1, frameRateHz: 3_000 };

const OPTIONS = {
  ...OUTPUT_OPTIONS,
  only: { type: "string" },
  parts: { type: "string", default: "latency,spikes,frames" },
  bundle: { type: "string" },
  rates: { type: "string", default: "3000,20000" },
  seconds: { type: "string", default: "20" },
  rounds: { type: "string", default: "3" },
  "block-ms": { type: "string", default: "10" },
  "lateness-ms": { type: "string", default: "4" },
  "bin-ms": { type: "string" },
  steps: { type: "string", default: "4" },
  device: { type: "string", default: "cpu" },
  provider: { type: "string" },
} as const;

/** `npm run bench -- peers`: the same spikes and the same network through our daemon and through what else one would pick. */
export async function peers(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: OPTIONS });
  const smoke = { parts: "latency", rates: "2000", seconds: "2", rounds: "1", steps: "1" };
  const bundle = values.bundle ?? (values.smoke ? TINY : "models/demo-linear");
  const options = { ...values, ...(values.smoke ? smoke : {}), bundle };
  const { kind } = openBundle(bundle);
  const { names, skipped } = chosen(kind, values.only ?? (values.smoke ? SMOKE[kind] : undefined));
  const base = workload(options);
  const finish = beginRun("peers", args);
  const parts = options.parts.split(",");
  const comparisons: Comparison[] = [];
  const limits = { spikesHz: [] as Limit[], framesHz: [] as Limit[] };
  if (parts.includes("latency"))
    for (const rate of options.rates.split(","))
      comparisons.push(await compareSystems(names, { ...base, rateHz: Number(rate) }));
  const limitOf = { ...base, seconds: LIMIT.seconds, rounds: LIMIT.rounds };
  for (const name of names) {
    if (parts.includes("spikes"))
      limits.spikesHz.push(await findLimit(name, SPIKE_STEPS, (rateHz) => ({ ...limitOf, rateHz })));
    const atFrames = (hz: number) => ({ ...limitOf, rateHz: LIMIT.frameRateHz, widthMs: 1000 / hz });
    if (parts.includes("frames")) limits.framesHz.push(await findLimit(name, FRAME_STEPS, atFrames));
  }
  const result: PeersResult = { ...finish(), versions: versionsOf(names), comparisons, limits, skipped };
  publish(result, peersText(result), { ...options, section: options.section ?? SECTIONS[kind] ?? "peers" });
  if (comparisons.some(({ rows }) => rows.some(({ problems }) => problems.length > 0))) process.exitCode = 1;
}

/** What can run and suits the bundle; what was asked for and cannot run is said, loudly. */
function chosen(kind: string, only: string | undefined) {
  const suited = Object.keys(SYSTEMS).filter((name) => SYSTEMS[name]!.kinds.includes(kind));
  const wanted = only?.split(",") ?? suited;
  const unknown = wanted.filter((name) => !suited.includes(name));
  if (unknown.length > 0)
    throw new Error(`--only: no system ${unknown.join(", ")} for a bundle of kind ${kind}: ${suited.join(", ")}`);
  const skipped: Record<string, string> = {};
  for (const name of wanted) {
    const why = SYSTEMS[name]!.missing();
    if (why !== undefined) skipped[name] = why;
  }
  for (const [name, why] of Object.entries(skipped)) process.stderr.write(`SKIPPED ${name}: ${why}\n`);
  return { names: wanted.filter((name) => !Object.hasOwn(skipped, name)), skipped };
}

type Options = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"];

function workload(options: Options): Workload {
  const number = (text: string | undefined) => Number(text);
  const steps = openBundle(options.bundle ?? "").kind === "linear" ? 1 : number(options.steps);
  const provider = options.provider === undefined ? {} : { provider: options.provider };
  return {
    bundle: options.bundle ?? "",
    widthMs: options["bin-ms"] === undefined ? null : number(options["bin-ms"]),
    rateHz: 0,
    seconds: number(options.seconds),
    rounds: number(options.rounds),
    blockMs: number(options["block-ms"]),
    latenessMs: number(options["lateness-ms"]),
    seed: 1,
    steps,
    device: options.device ?? "cpu",
    decode: { maxSteps: steps, ...provider },
  };
}

/** Of what the systems are made of, as they say it themselves. */
function versionsOf(names: readonly string[]): Record<string, string> {
  const versions: Record<string, string> = {};
  const ask = (python: string | Error, packages: string[]) => {
    if (python instanceof Error) return;
    const statement = `import importlib.metadata as m, platform; print("Python", platform.python_version()); [print(p, m.version(p)) for p in ${JSON.stringify(packages)}]`;
    const { stdout } = spawnSync(python, ["-c", statement], { encoding: "utf8", env: { ...process.env, ...torchEnv } });
    for (const line of stdout.trim().split("\n")) versions[line.split(" ")[0]!] = line.split(" ")[1] ?? "";
  };
  if (names.some((name) => name === "ezmsg" || name.startsWith("timeflux")))
    ask(peersPython(), ["ezmsg", "ezmsg-zmq", "ezmsg-websocket", "timeflux", "pyzmq", "numpy"]);
  if (names.includes("torch")) ask(torchPython(), ["torch", "pyzmq", "websockets"]);
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  return { ...versions, "onnxruntime-node": dependencies["onnxruntime-node"] };
}
