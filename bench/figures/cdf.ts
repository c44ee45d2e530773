import { type LabelledRun, provenance } from "./run.ts";
import { box, curve, line, renderFigure, roundSteps, text } from "./svg.ts";

const WIDTH = 860;
const PLOT = { left: 64, right: 700, top: 56, bottom: 396 };
const ROW = 20;
/** Room for the name of a curve beside its end. */
const SHARES = [0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999];

/** From bin close to socket write, as a cumulative distribution whose tail is stretched: each tenth of the rest is as wide as the one before. */
export function cdfFigure(runs: readonly LabelledRun[]): string {
  const most = Math.max(...runs.map(({ result }) => result.offered));
  const values = runs.flatMap(({ result }) => [
    result.spans.total.max,
    result.spans.total.curve[0]?.[1] ?? 1,
    result.budgetMs,
  ]);
  const steps = roundSteps(Math.max(0.01, Math.min(...values)), Math.max(...values));
  const [low, high] = [steps[0]!, steps.at(-1)!];
  const x = (share: number) => PLOT.left + ((PLOT.right - PLOT.left) * tail(share, most)) / tail(1 - 1 / most, most);
  const y = (ms: number) => PLOT.bottom - ((PLOT.bottom - PLOT.top) * Math.log(ms / low)) / Math.log(high / low);
  const height = PLOT.bottom + 56 + ROW * runs.length * 2 + 8;
  return renderFigure({
    ...{ width: WIDTH, height, title: "Bin close to socket write" },
    description: runs.map(({ label, result }) => `${label}: ${sentence(result.spans.total)}`).join(". "),
    body: [
      text(PLOT.left, 26, "Bin close to socket write", { class: "title" }),
      text(
        PLOT.left,
        44,
        "over all bins that wanted a frame: a curve ends where there are no more values, or early, where frames never came",
        {
          class: "soft small",
        },
      ),
      ...shareAxis(x, most),
      ...msAxis(y, steps),
      ...budgets(runs, y),
      ...runs.map((run, i) => drawn(run, i, x, y)),
      ...runs.flatMap((run, i) => caption(run, i, PLOT.bottom + 64 + 2 * ROW * i)),
    ],
  });
}

/** Place on the axis: 0 at 0, and as far from 90 to 99 % as from 99 to 99.9 %; never beyond what `n` values can tell. */
function tail(share: number, n: number): number {
  return -Math.log10(Math.max(1 / n, 1 - share));
}

function shareAxis(x: (share: number) => number, n: number): string[] {
  const shown = SHARES.filter((share) => 1 - share >= 1 / n);
  const ticks = shown.flatMap((share) => [
    line(x(share), PLOT.top, x(share), PLOT.bottom, "grid"),
    text(x(share), PLOT.bottom + 18, `${Number((100 * share).toPrecision(7))} %`, { anchor: "middle", class: "soft" }),
  ]);
  const title = "share of the bins whose frame was written within the time";
  return [...ticks, text((PLOT.left + PLOT.right) / 2, PLOT.bottom + 38, title, { anchor: "middle" })];
}

function msAxis(y: (ms: number) => number, steps: readonly number[]): string[] {
  const ticks = steps.flatMap((ms) => [
    line(PLOT.left, y(ms), PLOT.right, y(ms), "grid"),
    text(PLOT.left - 8, y(ms) + 4, String(ms), { anchor: "end", class: "soft" }),
  ]);
  return [...ticks, text(18, (PLOT.top + PLOT.bottom) / 2, "time, ms", { anchor: "middle", turn: true })];
}

function budgets(runs: readonly LabelledRun[], y: (ms: number) => number): string[] {
  return [...new Set(runs.map(({ result }) => result.budgetMs))].flatMap((ms) => [
    line(PLOT.left, y(ms), PLOT.right, y(ms), "limit"),
    text(PLOT.right + 8, y(ms) + 4, `budget ${Math.round(ms)} ms`, { class: "soft small" }),
  ]);
}

/** Names stand in the caption, beside the colour: at the ends of the curves they would lie on one another. */
function drawn({ result }: LabelledRun, i: number, x: (share: number) => number, y: (ms: number) => number): string {
  const came = result.spans.total.n / result.offered;
  // So many values say nothing of smaller shares than one of them.
  const most = 1 - 1 / result.offered;
  const points = result.spans.total.curve.map(([share, ms]) => [x(Math.min(most, share * came)), y(ms)] as const);
  return curve(points, i);
}

function caption({ label, result }: LabelledRun, i: number, top: number): string[] {
  const missed = result.late + result.missing;
  const said = `${label}: frames ${sentence(result.spans.total)}; missed ${missed} of ${result.offered}`;
  return [
    box(PLOT.left, top - 9, 12, 10, i),
    text(PLOT.left + 20, top, said),
    text(PLOT.left + 20, top + 15, provenance(result), { class: "soft small" }),
  ];
}

function sentence({ p50, p99, p999, max }: LabelledRun["result"]["spans"]["total"]): string {
  const [a, b, c, d] = [p50, p99, p999, max].map((ms) => ms.toFixed(1));
  return `p50 ${a}, p99 ${b}, p99.9 ${c}, max ${d} ms`;
}
