// `npm run bench -- overhead`: everything but the model run, stage by stage, at the true cadence. Variants of the daemon take turns within one run.
import { parseArgs } from "node:util";
import { z } from "zod";
import { distributionSchema, Latencies } from "./distribution.ts";
import { type Measured, measure } from "./latency/measure.ts";
import { makePlan } from "./latency/plan.ts";
import { type SpanName, STAGE_NAMES, type StageName } from "./latency/result.ts";
import { offeredBins, spansOf, stagesOf } from "./latency/summary.ts";
import { beginRun, OUTPUT_OPTIONS, originSchema, originText, publish } from "./output.ts";
import { table } from "./table.ts";

/** What of the configuration's `decode` a variant changes. */
const VARIANTS: Record<string, Record<string, unknown>> = {
  memory: {},
  messages: { channel: "messages" },
  spin: { spinMs: 2 },
  awake: { wakeUs: 0 },
  "awake-spin": { wakeUs: 0, spinMs: 2 },
};

const OPTIONS = {
  ...OUTPUT_OPTIONS,
  bundle: { type: "string", default: "models/demo" },
  variants: { type: "string", default: "memory,messages" },
  frames: { type: "string" },
  rounds: { type: "string" },
  rate: { type: "string" },
  provider: { type: "string" },
} as const;
const SIZES = { full: { frames: 500, rounds: 4, warmUp: 50 }, smoke: { frames: 10, rounds: 1, warmUp: 5 } };

/** The stages that are not the model run, and the sums. */
const SHOWN = ["mailbox", "toDecoder", "fromDecoder", "draft", "serialise", "socket"] as const satisfies StageName[];
const SPANS = ["overhead", "model", "total"] as const satisfies SpanName[];

const variantSchema = z.object({
  rows: z.record(z.string(), distributionSchema),
  /** Of a core, over all rounds; null where a process has no figures of its own. */
  daemonPercent: z.number().nullable(),
  decoderPercent: z.number().nullable(),
});
export const overheadSchema = originSchema.extend({
  harness: z.literal("overhead"),
  ...{ bundle: z.string(), wantedHz: z.number(), rounds: z.int(), framesPerRound: z.int() },
  variants: z.record(z.string(), variantSchema),
});
export type OverheadResult = z.infer<typeof overheadSchema>;

export async function overhead(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: OPTIONS });
  const size = SIZES[values.smoke ? "smoke" : "full"];
  const rounds = Number(values.rounds ?? size.rounds);
  const frames = Number(values.frames ?? size.frames);
  const rateHz = values.rate === undefined ? null : Number(values.rate);
  const wanted = { bundle: values.bundle, frames, warmUp: size.warmUp, rateHz, provider: values.provider ?? null };
  const end = beginRun("overhead", args);
  const plan = await makePlan({ ...wanted, config: null, budgetMs: null });
  const tallies = new Map(values.variants.split(",").map((name) => [name, new Tally(changes(name))]));
  for (let round = 0; round < rounds; round++)
    for (const tally of tallies.values()) {
      const decode = { ...Object(plan.config.decode), ...tally.changes };
      const measured = await measure({ ...plan, config: { ...plan.config, decode } }, frames, size.warmUp, 0);
      tally.add(measured, plan.everyBins);
    }
  const result: OverheadResult = {
    ...{ ...end(), harness: "overhead", bundle: plan.name, wantedHz: 1000 / plan.widthMs / plan.everyBins },
    ...{ rounds, framesPerRound: frames },
    variants: Object.fromEntries([...tallies].map(([name, tally]) => [name, tally.summary()])),
  };
  publish(result, overheadText(result), { ...values, section: values.section ?? "overhead" });
}

function changes(name: string): Record<string, unknown> {
  const found = VARIANTS[name];
  if (found === undefined)
    throw new Error(`--variants: expected some of ${Object.keys(VARIANTS).join(", ")}, got ${name}`);
  return found;
}

/** Stages of a variant over all its rounds. */
class Tally {
  readonly changes: Record<string, unknown>;
  readonly #rows = new Map<string, Latencies>([...SPANS, ...SHOWN].map((name) => [name, new Latencies()]));
  readonly #percents = { daemon: [] as number[], decoder: [] as number[] };

  constructor(changed: Record<string, unknown>) {
    this.changes = changed;
  }

  add(measured: Measured, everyBins: number): void {
    for (const { frame } of offeredBins(measured, everyBins)) {
      if (frame === null) continue;
      const stages = stagesOf(frame, Number.NaN);
      const spans = spansOf(frame, Number.NaN, Number.NaN);
      for (const name of SHOWN) this.#rows.get(name)?.record(stages[name][1] - stages[name][0]);
      for (const name of SPANS) this.#rows.get(name)?.record(spans[name]);
    }
    if (measured.daemon !== null) this.#percents.daemon.push(measured.daemon.processorPercent);
    if (measured.decoder !== null) this.#percents.decoder.push(measured.decoder.processorPercent);
  }

  summary() {
    const mean = (values: number[]) =>
      values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
    return {
      rows: Object.fromEntries([...this.#rows].map(([name, latencies]) => [name, latencies.summary()])),
      daemonPercent: mean(this.#percents.daemon),
      decoderPercent: mean(this.#percents.decoder),
    };
  }
}

const NAMES: Record<string, string> = {
  ...STAGE_NAMES,
  ...{ overhead: "**everything but the model run**", model: "model run", total: "bin close to socket write" },
};

/** The result as docs/performance.md has it. */
function overheadText(result: OverheadResult): string {
  const { bundle, wantedHz, rounds, framesPerRound, variants } = result;
  const names = Object.keys(variants);
  const cell = (name: string, key: string) => {
    const found = variants[name]?.rows[key];
    return found === undefined ? "" : `${found.p50.toFixed(2)} / ${found.p99.toFixed(2)}`;
  };
  const percent = (value: number | null | undefined) => (value == null ? "" : `${value.toFixed(0)} %`);
  const rows = [...SPANS, ...SHOWN].map((key) => [NAMES[key] ?? key, ...names.map((name) => cell(name, key))]);
  return [
    originText(result),
    `Bundle \`${bundle}\`, ${wantedHz.toFixed(0)} frames/s, open loop; ${rounds} rounds in which the variants took turns, ${framesPerRound} frames each. p50 / p99, ms.`,
    "",
    ...table(
      [
        ...rows,
        ["frames", ...names.map((name) => String(variants[name]?.rows.overhead?.n ?? 0))],
        ["daemon, of a core", ...names.map((name) => percent(variants[name]?.daemonPercent))],
        ["decoder process, of a core", ...names.map((name) => percent(variants[name]?.decoderPercent))],
      ],
      ["", ...names],
    ),
  ].join("\n");
}
