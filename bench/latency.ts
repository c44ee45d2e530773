// `npm run bench -- latency`: a bundle at the true cadence, rig and daemon as processes of their own, one viewer over a real socket. Open loop: the rig
// sets the pace, so a slow frame delays nothing that is then not counted, and bins that gave no frame are counted with those that did.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { measure } from "./latency/measure.ts";
import { makePlan, type Wanted } from "./latency/plan.ts";
import type { LatencyResult } from "./latency/result.ts";
import { rowsOf } from "./latency/rows.ts";
import { offeredBins, summarise } from "./latency/summary.ts";
import { latencyText } from "./latency/text.ts";
import { beginRun, OUTPUT_OPTIONS, publish } from "./output.ts";

const OPTIONS = {
  ...OUTPUT_OPTIONS,
  bundle: { type: "string", default: "models/demo" },
  frames: { type: "string" },
  "warm-up": { type: "string" },
  rate: { type: "string" },
  provider: { type: "string" },
  budget: { type: "string" },
  config: { type: "string" },
  session: { type: "string" },
  decode: { type: "string", multiple: true },
  hog: { type: "string", default: "0" },
  rows: { type: "string" },
} as const;

const FRAMES = { full: 10_000, smoke: 40 };
const WARM_UP = { full: 100, smoke: 10 };

export async function latency(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: OPTIONS });
  const size = values.smoke ? "smoke" : "full";
  const hogs = Number(values.hog);
  const wanted: Wanted = {
    bundle: values.bundle,
    frames: Number(values.frames ?? FRAMES[size]),
    warmUp: Number(values["warm-up"] ?? WARM_UP[size]),
    rateHz: values.rate === undefined ? null : Number(values.rate),
    budgetMs: values.budget === undefined ? null : Number(values.budget),
    provider: values.provider ?? null,
    config: values.config ?? null,
    session: values.session,
    decode: values.decode,
  };
  const result = await runLatency(wanted, hogs, args, values.rows);
  publish(result, latencyText(result), { ...values, section: values.section ?? "latency" });
}

/** One run, its figures, and how it was made. */
export async function runLatency(
  wanted: Wanted,
  hogs: number,
  args: string[],
  rowsPath?: string,
): Promise<LatencyResult> {
  const end = beginRun("latency", args);
  const plan = await makePlan(wanted);
  const measured = await measure(plan, wanted.frames, wanted.warmUp, hogs);
  const { trace, receivedMs } = measured;
  const receivedAt = (seq: number) => (receivedMs.get(seq) ?? Number.NaN) - trace.originMs;
  if (rowsPath !== undefined) writeFileSync(rowsPath, rowsOf(offeredBins(measured, plan.everyBins), receivedAt));
  return summarise(end(), plan, measured, hogs);
}
