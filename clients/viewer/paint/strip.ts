import uPlot from "uplot";
import type { Viewer } from "../lib/viewer.ts";
import { CANVAS_FONT, COLOURS } from "./colours.ts";

const REDRAW_EVERY_MS = 50;
/** The top of the axis moves in these steps of the budget, so that the plot does not breathe. */
const TOPS = [1.25, 2, 4, 8, 16, 64];

/** The lowest step that holds the highest value in sight. */
export function axisTop(totals: readonly number[], budgetMs: number): number {
  const highest = totals.reduce((max, value) => Math.max(max, value), 0);
  return budgetMs * (TOPS.find((top) => highest <= top * budgetMs) ?? Math.ceil(highest / budgetMs));
}

function options(width: number, height: number, frames: number): uPlot.Options {
  const grid = { stroke: COLOURS.line, width: 1 };
  return {
    width,
    height,
    legend: { show: false },
    cursor: { show: false },
    padding: [6, 4, 4, 0],
    scales: {
      x: { time: false, range: (_plot, _min, max) => [max - frames, max] },
      y: { range: (plot) => [0, axisTop(plot.data[1] as number[], (plot.data[2]?.at(-1) as number) || 1)] },
    },
    axes: [
      { show: false },
      { stroke: COLOURS.dim, grid, ticks: { show: false }, size: 34, gap: 4, font: `12px ${CANVAS_FONT}`, space: 28 },
    ],
    series: [
      {},
      { stroke: COLOURS.accent, width: 1.5, points: { show: false } },
      { stroke: COLOURS.warn, width: 1.5, dash: [6, 4], points: { show: false } },
      { stroke: COLOURS.fault, paths: () => null, points: { show: true, size: 5, fill: COLOURS.fault } },
    ],
  };
}

/** Total latency of the last frames with the budget as a dashed line and misses as dots. */
export function stripPainter(viewer: Viewer, root: HTMLElement) {
  const { capacity } = viewer.state.history;
  const plot = new uPlot(options(root.clientWidth, root.clientHeight, capacity), [[], [], [], []], root);
  const observer = new ResizeObserver(() => plot.setSize({ width: root.clientWidth, height: root.clientHeight }));
  observer.observe(root);
  let version = -1;
  let lastMs = Number.NEGATIVE_INFINITY;
  const paint = (nowMs: number) => {
    const { history } = viewer.state;
    if (history.version === version || nowMs - lastMs < REDRAW_EVERY_MS) return;
    version = history.version;
    lastMs = nowMs;
    plot.setData(history.columnsBorrowed());
  };
  const release = () => {
    observer.disconnect();
    plot.destroy();
  };
  return { paint, release };
}
