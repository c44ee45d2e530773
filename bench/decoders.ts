// `npm run bench -- decoders`: `latency` of several bundles one after another, as one result: what each decoder costs on this machine.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { type LatencyResult, latencySchema } from "./latency/result.ts";
import { runLatency } from "./latency.ts";
import { beginRun, OUTPUT_OPTIONS, originSchema, originText, publish } from "./output.ts";
import { table } from "./table.ts";

const OPTIONS = {
  ...OUTPUT_OPTIONS,
  bundle: { type: "string", multiple: true },
  frames: { type: "string" },
  "warm-up": { type: "string" },
  rate: { type: "string" },
  provider: { type: "string" },
  budget: { type: "string" },
  session: { type: "string", default: "models/demo/session" },
  decode: { type: "string", multiple: true },
} as const;

const SHIPPED = ["models/demo-linear", "models/demo-direct", "models/demo-guided", "models/demo"];
const SIZES = { full: { frames: 2_000, warmUp: 100 }, smoke: { frames: 20, warmUp: 5 } };

export const decodersSchema = originSchema.extend({
  harness: z.literal("decoders"),
  results: z.array(latencySchema),
});

export async function decoders(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: OPTIONS });
  const size = SIZES[values.smoke ? "smoke" : "full"];
  const shared = {
    frames: Number(values.frames ?? size.frames),
    warmUp: Number(values["warm-up"] ?? size.warmUp),
    rateHz: values.rate === undefined ? null : Number(values.rate),
    budgetMs: values.budget === undefined ? null : Number(values.budget),
    ...{ provider: values.provider ?? null, config: null, decode: values.decode },
  };
  const end = beginRun("decoders", args);
  const results: LatencyResult[] = [];
  for (const bundle of values.bundle ?? SHIPPED.filter((path) => existsSync(path))) {
    const session = existsSync(join(bundle, "session")) ? undefined : values.session;
    results.push(await runLatency({ ...shared, bundle, session }, 0, args));
  }
  const result = { ...end(), harness: "decoders" as const, results };
  const text = [originText(result), "", ...table(results.map(rowOf), HEAD)].join("\n");
  publish(result, text, { ...values, section: values.section ?? "decoders" });
}

const HEAD = [
  "bundle",
  "kind",
  "provider",
  "steps",
  "p50, ms",
  "p99",
  "p99.9",
  "model p50",
  "p99",
  "frames",
  "/s",
  "missed",
];

/** Bin close to socket write, and the model's part of it. */
function rowOf({ bundle, provider, steps, spans, wantedHz, late, missing, offered }: LatencyResult): string[] {
  const { total, model } = spans;
  const used = Object.entries(steps).map(([count, frames]) => `${count}: ${frames}`);
  return [
    ...[bundle.name, bundle.kind, provider, used.join(", ")],
    ...[total.p50, total.p99, total.p999, model.p50, model.p99].map((ms) => ms.toFixed(2)),
    ...[String(total.n), wantedHz.toFixed(0), `${late + missing} of ${offered}`],
  ];
}
