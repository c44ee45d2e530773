import uPlot from "uplot";
import { nines } from "../lib/cdf.ts";
import type { Viewer } from "../lib/viewer.ts";
import { CANVAS_FONT, COLOURS } from "./colours.ts";

const REDRAW_EVERY_MS = 500;
/** Half of the frames, nine of ten, ninety-nine of a hundred, ... on the scale of nines. */
const TICKS = new Map([
  [nines(0, 1), "50"],
  [1, "90"],
  [2, "99"],
  [3, "99.9"],
]);
/** Lower than this, CSS pixels, there is no room for the half. */
const LOW = 64;
const TOP = 3.4;
const POINTS = 160;

/** At most `POINTS` steps of a distribution, the last ones all: they are the tail. */
export function cdfColumns(sorted: ArrayLike<number>): [number[], number[]] {
  const x: number[] = [];
  const y: number[] = [];
  const n = sorted.length;
  const stride = Math.max(1, Math.floor(n / POINTS));
  for (let i = 0; i < n; i += n - i > POINTS / 2 ? stride : 1) {
    x.push(sorted[i]!);
    y.push(nines(i, n));
  }
  return [x, y];
}

function drawBudget(plot: uPlot, budgetMs: number | undefined): void {
  if (!budgetMs) return;
  const { ctx, bbox } = plot;
  const x = plot.valToPos(budgetMs, "x", true);
  ctx.save();
  ctx.strokeStyle = COLOURS.warn;
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}

function options(viewer: Viewer, root: HTMLElement): uPlot.Options {
  const grid = { stroke: COLOURS.line, width: 1 };
  const axis = { stroke: COLOURS.dim, grid, ticks: { show: false }, font: `12px ${CANVAS_FONT}`, gap: 4 };
  const budgetMs = () => viewer.state.frame?.budgetMs ?? viewer.state.hello?.budgetMs;
  return {
    width: root.clientWidth,
    height: root.clientHeight,
    legend: { show: false },
    cursor: { show: false },
    padding: [6, 10, 0, 0],
    scales: {
      x: { time: false, range: (_plot, _min, max) => [0, Math.max(1.3 * (budgetMs() ?? 1), max ?? 0)] },
      y: { range: () => [0, TOP] },
    },
    axes: [
      { ...axis, size: 20, space: 34 },
      {
        ...axis,
        size: 36,
        splits: (plot) => [...TICKS.keys()].slice(plot.height < LOW + 20 ? 1 : 0),
        values: (_plot, at) => at.map((y) => TICKS.get(y) ?? ""),
      },
    ],
    series: [{}, { stroke: COLOURS.accent, width: 1.5, points: { show: false } }],
    hooks: { draw: [(plot) => drawBudget(plot, budgetMs())] },
  };
}

/** Share of frames within a latency, with the tail drawn out, and the budget as a dashed line. */
export function cdfPainter(viewer: Viewer, root: HTMLElement) {
  const plot = new uPlot(options(viewer, root), [[], []], root);
  const observer = new ResizeObserver(() => plot.setSize({ width: root.clientWidth, height: root.clientHeight }));
  observer.observe(root);
  let version = -1;
  let lastMs = Number.NEGATIVE_INFINITY;
  const paint = (nowMs: number) => {
    const { cdf } = viewer.state;
    if (cdf.version === version || nowMs - lastMs < REDRAW_EVERY_MS) return;
    version = cdf.version;
    lastMs = nowMs;
    plot.setData(cdfColumns(cdf.sorted()));
  };
  const release = () => {
    observer.disconnect();
    plot.destroy();
  };
  return { paint, release };
}
