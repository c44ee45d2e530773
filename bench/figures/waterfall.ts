import { type LatencyResult, STAGE_NAMES, type StageName } from "../latency/result.ts";
import { type LabelledRun, provenance } from "./run.ts";
import { box, line, renderFigure, roundSteps, text } from "./svg.ts";

const WIDTH = 860;
const PLOT = { left: 270, right: 690 };
const ROW = 22;
const HEAD = 62;
const FOOT = 64;
const STAGES = Object.keys(STAGE_NAMES) as StageName[];
const MODEL: readonly StageName[] = ["encode", "sample", "picture"];

/** Stage by stage, where the median frame's time goes: one panel a run. */
export function waterfallFigure(runs: readonly LabelledRun[]): string {
  const panel = HEAD + ROW * STAGES.length + FOOT;
  return renderFigure({
    ...{ width: WIDTH, height: 40 + panel * runs.length, title: "Where a frame's time goes" },
    description: runs.map(({ label, result }) => `${label}: ${described(result)}`).join(". "),
    body: [
      text(20, 26, "Where a frame's time goes", { class: "title" }),
      ...runs.flatMap((run, i) => panelOf(run, 40 + i * panel)),
    ],
  });
}

function panelOf({ label, result }: LabelledRun, top: number): string[] {
  const bars = STAGES.flatMap((name, i) => (result.stages[name] === undefined ? [] : [{ name, i }]));
  const first = -(result.stages.arrived?.p50 ?? 0);
  const last = Math.max(...bars.map(({ name }) => result.ends[name]?.p99 ?? 0));
  const x = (ms: number) => PLOT.left + ((PLOT.right - PLOT.left) * (ms - first)) / (last - first);
  const bottom = top + HEAD + ROW * STAGES.length;
  return [
    text(20, top + 18, label),
    text(20, top + 35, provenance(result), { class: "soft small" }),
    text(760, top + HEAD - 8, "p50", { anchor: "end", class: "soft small" }),
    text(820, top + HEAD - 8, "p99, ms", { anchor: "end", class: "soft small" }),
    ...axis(x, first, last, top + HEAD, bottom),
    ...bars.flatMap(({ name, i }) => bar(result, name, x, top + HEAD + ROW * i)),
  ];
}

/** A bar from the median end of the stage before to its own, and a line to where it ends in one frame of a hundred. */
function bar({ stages, ends }: LatencyResult, name: StageName, x: (ms: number) => number, top: number): string[] {
  const { p50, p99 } = stages[name]!;
  const end = ends[name]!;
  const startMs = name === "arrived" ? -p50 : end.p50 - p50;
  const series = MODEL.includes(name) ? 1 : 0;
  const middle = top + ROW / 2;
  return [
    text(PLOT.left - 10, middle + 4, STAGE_NAMES[name], { anchor: "end", class: "small" }),
    box(x(startMs), top + 4, Math.max(1.5, x(end.p50) - x(startMs)), ROW - 8, series),
    box(x(end.p50), middle - 1, Math.max(0, x(end.p99) - x(end.p50)), 2, series, 0.5),
    text(760, middle + 4, p50.toFixed(2), { anchor: "end", class: "small" }),
    text(820, middle + 4, p99.toFixed(2), { anchor: "end", class: "small" }),
  ];
}

function axis(x: (ms: number) => number, first: number, last: number, top: number, bottom: number): string[] {
  const step = roundSteps((last - first) / 8, (last - first) / 5)[1] ?? 1;
  const ticks: number[] = [];
  for (let ms = Math.ceil(first / step) * step; ms <= last; ms += step) ticks.push(ms);
  const title = "ms after the bin was closed: bars are medians, thin lines reach to the 99th percentile";
  return [
    ...ticks.flatMap((ms) => [
      line(x(ms), top, x(ms), bottom, ms === 0 ? "axis" : "grid"),
      text(x(ms), bottom + 16, String(Number(ms.toPrecision(3))), { anchor: "middle", class: "soft small" }),
    ]),
    text((PLOT.left + PLOT.right) / 2, bottom + 34, title, { anchor: "middle", class: "small" }),
  ];
}

function described({ stages }: LatencyResult): string {
  return STAGES.flatMap((name) => {
    const stage = stages[name];
    return stage === undefined ? [] : [`${STAGE_NAMES[name]} ${stage.p50.toFixed(2)} ms`];
  }).join(", ");
}
