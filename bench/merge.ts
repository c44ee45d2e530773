// `npm run bench -- merge A.json B.json ... --json OUT.json`: several runs of `bench -- latency` of one kind as one result, for machines that are lent by the minute.
import { parseArgs } from "node:util";
import { type LatencyResult, latencySchema } from "./latency/result.ts";
import { LatencyTally } from "./latency/tally.ts";
import { latencyText } from "./latency/text.ts";
import { OUTPUT_OPTIONS, publish, readResult } from "./output.ts";

export async function merge(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: OUTPUT_OPTIONS });
  if (positionals.length < 2) throw new Error("expected two results or more: npm run bench -- merge A.json B.json ...");
  const result = merged(positionals.map((path) => latencySchema.parse(readResult(path).value)));
  publish(result, latencyText(result), { ...values, section: values.section ?? "latency" });
}

/** Throws when the runs are not of one kind: another bundle, cadence, budget, provider, code or machine. */
export function merged(runs: readonly LatencyResult[]): LatencyResult {
  const first = runs[0]!;
  const last = runs.at(-1)!;
  for (const run of runs) {
    if (kindOf(run) === kindOf(first)) continue;
    throw new Error(`expected runs of one kind, got ${kindOf(first)} and ${kindOf(run)}`);
  }
  const tally = new LatencyTally();
  for (const { histograms } of runs) tally.add(histograms);
  const sum = (of: (run: LatencyResult) => number) => runs.reduce((all, run) => all + of(run), 0);
  const [seconds, offered, missing] = [sum((run) => run.seconds), sum((run) => run.offered), sum((run) => run.missing)];
  return {
    ...first,
    ...{ seconds, offered, missing, runs: sum((run) => run.runs), loadAfter: last.loadAfter },
    ...{ late: sum((run) => run.late), dropped: sum((run) => run.dropped) },
    writtenHz: (offered - missing) / seconds,
    outcomes: counts(runs.map((run) => run.outcomes)),
    steps: counts(runs.map((run) => run.steps)),
    states: counts(runs.map((run) => run.states)),
    daemon: usage(runs, ({ daemon }) => daemon),
    decoder: usage(runs, ({ decoder }) => decoder),
    ...tally.figures(missing),
  };
}

function kindOf({ bundle, provider, budgetMs, hogs, wantedHz, commit, machine }: LatencyResult): string {
  const { cpu, cores, gpu } = machine;
  return JSON.stringify({ digest: bundle.digest, provider, budgetMs, hogs, wantedHz, commit, cpu, cores, gpu });
}

function counts(all: readonly Record<string, number>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const each of all) for (const [key, n] of Object.entries(each)) total[key] = (total[key] ?? 0) + n;
  return total;
}

/** Of processes that were started anew for each run: no slope over all of them. */
function usage(
  runs: readonly LatencyResult[],
  of: (run: LatencyResult) => LatencyResult["daemon"],
): LatencyResult["daemon"] {
  const all = runs.map((run) => ({ seconds: run.seconds, used: of(run) }));
  const known = all.flatMap(({ seconds, used }) => (used === null ? [] : [{ seconds, used }]));
  if (known.length < runs.length) return null;
  const seconds = known.reduce((sum, each) => sum + each.seconds, 0);
  return {
    processorPercent: known.reduce((sum, each) => sum + each.used.processorPercent * each.seconds, 0) / seconds,
    rssMiB: {
      start: known[0]!.used.rssMiB.start,
      end: known.at(-1)!.used.rssMiB.end,
      max: Math.max(...known.map(({ used }) => used.rssMiB.max)),
    },
    rssMiBPerHour: null,
  };
}
