import { originText } from "../output.ts";
import { distributionRow, table } from "../table.ts";
import { type LatencyResult, SPAN_NAMES, type SpanName, STAGE_NAMES, type StageName } from "./result.ts";

/** The result as docs/performance.md has it. */
export function latencyText(result: LatencyResult): string {
  const { bundle, provider, budgetMs, offered, seconds, wantedHz, writtenHz, hogs } = result;
  const frames = offered - result.missing;
  const retimed =
    bundle.retimedFrom === null ? "" : ` (the graphs of \`${bundle.retimedFrom}\` with bins of another width)`;
  const several = result.runs === 1 ? "" : `, ${result.runs} runs put together`;
  const beside = hogs === 0 ? "" : ` ${hogs} busy process${hogs === 1 ? "" : "es"} beside it.`;
  return [
    originText(result),
    `Bundle \`${bundle.name}\` (${bundle.kind}, ${bundle.image}, bins of ${bundle.widthMs} ms, digest ${bundle.digest.slice(0, 12)})${retimed}, provider ${provider}.${beside}`,
    `${offered} bins wanted a frame, one every ${(1000 / wantedHz).toFixed(0)} ms (${wantedHz.toFixed(0)}/s, open loop), ${frames} gave one: ${writtenHz.toFixed(1)}/s in ${seconds.toFixed(0)} s${several}.`,
    "",
    ...table(rows(result)),
    "",
    missed(result),
    `Budget ${budgetMs.toFixed(0)} ms. Steps used: ${list(result.steps)}. What became of the bins: ${list(result.outcomes)}. States: ${list(result.states)}. Frames that the viewer's lane dropped: ${result.dropped}.`,
    `${usage("The daemon", result.daemon)} The record that this run keeps of its bins grows in it.`,
    result.decoder === null
      ? "There is no decoder process, or it was restarted."
      : usage("Its decoder process", result.decoder),
    `The model ran ${((100 * result.spans.model.mean * result.spans.model.n) / (1000 * seconds)).toFixed(0)} % of the time.`,
  ].join("\n");
}

function rows({ spans, stages }: LatencyResult): string[][] {
  const span = (name: SpanName) => distributionRow(SPAN_NAMES[name], spans[name]);
  const stage = (name: StageName) => {
    const found = stages[name];
    return found === undefined ? [] : [distributionRow(`  ${STAGE_NAMES[name]}`, found)];
  };
  return [
    ...[span("total"), span("overhead"), span("model")],
    ...(Object.keys(STAGE_NAMES) as StageName[]).flatMap(stage),
    ...[span("closeToClient"), span("binEnd"), span("spike")],
  ];
}

/** Late frames and frames that never came, and what the percentiles are when these are not left out. */
function missed({ offered, late, missing, offeredTotal }: LatencyResult): string {
  const share = ((100 * (late + missing)) / offered).toFixed(2);
  const at = (ms: number | null) => (ms === null ? "never" : ms.toFixed(2));
  const { p50, p99, p999 } = offeredTotal;
  return `Missed: ${late + missing} of ${offered} (${share} %): ${late} late, ${missing} that never came. Bin close to socket write over all ${offered}, what never came later than all others: p50 ${at(p50)}, p99 ${at(p99)}, p99.9 ${at(p999)} ms.`;
}

function usage(who: string, used: LatencyResult["daemon"]): string {
  if (used === null) return `${who} has no figures of its own.`;
  const { processorPercent, rssMiB, rssMiBPerHour: rise } = used;
  const slope =
    rise === null ? "" : `, slope of the second half ${rise.slope.toFixed(0)} ± ${rise.error.toFixed(0)} MiB/h`;
  const size = `${rssMiB.start.toFixed(0)} MiB at the start, ${rssMiB.end.toFixed(0)} at the end, ${rssMiB.max.toFixed(0)} at most${slope}`;
  return `${who} used ${processorPercent.toFixed(0)} % of a core; ${size}.`;
}

function list(counts: Record<string, number>): string {
  return Object.entries(counts)
    .map(([name, n]) => `${name}: ${n}`)
    .join(", ");
}
