// The decoder process: the only one that loads onnxruntime-node. It speaks ipc.ts with the daemon over the built-in channel.
import type { Decoder } from "../../src/decode/decoder.ts";
import { PhospheneError } from "../../src/errors.ts";
import { readBundleOf } from "../bundle.ts";
import { monotonicMs } from "../monotonic.ts";
import { diffusionDecoder } from "./diffusion.ts";
import { parseFaults, withFaults } from "./fault.ts";
import { checkGolden } from "./golden.ts";
import { loadGraphs } from "./graphs.ts";
import type { FromDecoder, LoadOptions, Problem, ReadyInfo, ToDecoder } from "./ipc.ts";

const WARM_UP_RUNS = 9;
let decoder: Decoder | null = null;

const send = (message: FromDecoder) => process.send?.(message);

async function load(options: LoadOptions): Promise<ReadyInfo> {
  const faults = parseFaults(process.env);
  send({ type: "progress", message: "verifying the bundle" });
  const { manifest } = await readBundleOf(options.dir, "diffusion");
  send({ type: "progress", message: "loading graphs" });
  const graphs = await loadGraphs(options.dir, manifest, options.threads);
  send({ type: "progress", message: "reproducing the golden outputs" });
  const goldenDifference = await checkGolden(options.dir, manifest, graphs);
  send({ type: "progress", message: "warming up" });
  decoder = diffusionDecoder(graphs, manifest, options);
  const values = new Float32Array(manifest.bins.window * manifest.units.count);
  const steering = manifest.latents.groups.map(() => 0);
  const costMs: Record<string, number> = {};
  for (const steps of decoder.steps) costMs[steps] = await medianCost(decoder, { values, steps, steering });
  decoder = withFaults(decoder, faults);
  return {
    kind: decoder.kind,
    solver: decoder.solver,
    provider: "cpu",
    steps: decoder.steps,
    guidance: decoder.guidance,
    costMs,
    goldenDifference,
  };
}

async function medianCost(warm: Decoder, request: Parameters<Decoder["decode"]>[0]): Promise<number> {
  const costs: number[] = [];
  for (let i = 0; i < WARM_UP_RUNS; i++) {
    const startMs = monotonicMs();
    await warm.decode(request);
    costs.push(monotonicMs() - startMs);
  }
  return costs.sort((a, b) => a - b)[WARM_UP_RUNS >> 1]!;
}

function toProblem(error: unknown): Problem {
  if (error instanceof PhospheneError) return { code: error.code, message: error.message.replace(/^\[\w+\] /, "") };
  return { code: "DECODER_FAILED", message: error instanceof Error ? error.message : String(error) };
}

async function handle(message: ToDecoder): Promise<void> {
  if (message.type === "load") {
    await load(message.options).then(
      (info) => send({ type: "ready", ...info }),
      (error: unknown) => send({ type: "refused", problem: toProblem(error) }),
    );
    return;
  }
  const { id, ...request } = message;
  try {
    if (decoder === null) throw new PhospheneError("DECODER_FAILED", "expected a loaded bundle, got none");
    send({ type: "decoded", id, ...(await decoder.decode(request)) });
  } catch (error) {
    send({ type: "failed", id, problem: toProblem(error) });
  }
}

process.on("message", (message: ToDecoder) => void handle(message));
process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches the whole process group; the daemon decides when this process ends.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
