import { curve, line, renderFigure, text } from "../../bench/figures/svg.ts";
import type { Outcome } from "./experiment.ts";
import type { Role, TrialRecord } from "./recorder.ts";

const WIDTH = 720;
const HEIGHT = 360;
const [LEFT, RIGHT, TOP, BOTTOM] = [56, 16, 44, 46];

export interface Truth {
  /** What is drawn across the figure, in the unit of the scores. */
  readonly name: string;
  readonly score: number;
}

/** Scores over trials as a figure: a dot for every trial, the mean over the showings of the middle picture as a curve, and lines to hold it against. */
export function learningCurve(
  title: string,
  scale: string,
  records: readonly TrialRecord[],
  truths: readonly Truth[] = [],
) {
  const most = Math.max(1e-9, ...records.map(({ score }) => score), ...truths.map(({ score }) => score)) * 1.08;
  const x = (trial: number) => LEFT + ((WIDTH - LEFT - RIGHT) * (trial + 1)) / (records.length + 1);
  const y = (score: number) => HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * score) / most;
  const isSearch = (role: Role) => role === "candidate" || role === "lead";
  const dotsOf = (series: number, wanted: (role: Role) => boolean) =>
    `<g style="fill:var(--s${series});fill-opacity:0.45">${records
      .map(({ score, role }, i) => (wanted(role) ? dot(x(i), y(score)) : ""))
      .join("")}</g>`;
  const dots = [dotsOf(5, isSearch), dotsOf(0, (role) => !isSearch(role))];
  const middles = generationMeans(records).map(([trial, score]) => [x(trial), y(score)] as const);
  const lines = truths.flatMap(({ name, score }) => [
    line(LEFT, y(score), WIDTH - RIGHT, y(score), "limit"),
    text(WIDTH - RIGHT, y(score) - 5, name, { anchor: "end", class: "small soft" }),
  ]);
  return renderFigure({
    ...{ width: WIDTH, height: HEIGHT, title },
    description: `${scale} over ${records.length} trials; the curve is the mean for the picture in the middle of each generation`,
    body: [
      text(LEFT, 22, title, { class: "title" }),
      ...axes(most, records.length, x, y, scale),
      ...dots,
      ...lines,
      curve(middles, 1),
    ],
  });
}

/** Mean score of the middle picture in each generation, at the trial in the middle of its showings. */
export function generationMeans(records: readonly TrialRecord[]): [trial: number, score: number][] {
  const found = new Map<number, { trials: number[]; scores: number[] }>();
  for (const [i, { role, generation, score }] of records.entries()) {
    if (role !== "middle") continue;
    const { trials, scores } = found.get(generation) ?? { trials: [], scores: [] };
    found.set(generation, { trials: [...trials, i], scores: [...scores, score] });
  }
  return [...found.values()].map(({ trials, scores }) => [mean(trials), mean(scores)]);
}

/** What the run was like, in numbers. Times in ms. */
export function summary({ records, lost }: Outcome) {
  const scoresOf = (role: string) => records.filter((each) => each.role === role).map(({ score }) => score);
  const times = records.map(({ atMs }) => atMs);
  const first = records[0];
  return {
    trials: records.length,
    lost,
    trialsPerS: (1_000 * (records.length - 1)) / (Math.max(...times) - (first?.atMs ?? 0)),
    presentToShownMs: quantiles(records.map(({ shownMs }) => shownMs)),
    presentToResponseMs: quantiles(records.map(({ respondedMs }) => respondedMs)),
    grey: meanAndError(scoresOf("grey")),
    best: meanAndError(scoresOf("best")),
  };
}

function quantiles(values: readonly number[]) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

function meanAndError(values: readonly number[]) {
  const middle = mean(values);
  const variance = values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
  return { n: values.length, mean: middle, standardError: Math.sqrt(variance / values.length) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function axes(
  most: number,
  trials: number,
  x: (n: number) => number,
  y: (n: number) => number,
  scale: string,
): string[] {
  const step = 10 ** Math.floor(Math.log10(most / 2));
  const every = most / step > 10 ? 5 * step : most / step > 4 ? 2 * step : step;
  const rows = Array.from({ length: Math.floor(most / every) + 1 }, (_, i) => i * every).flatMap((value) => [
    line(LEFT, y(value), WIDTH - RIGHT, y(value), value === 0 ? "axis" : "grid"),
    text(LEFT - 8, y(value) + 4, String(Number(value.toPrecision(3))), { anchor: "end", class: "small" }),
  ]);
  const columns = [1, Math.round(trials / 2), trials].map((trial) =>
    text(x(trial - 1), HEIGHT - BOTTOM + 18, String(trial), { anchor: "middle", class: "small" }),
  );
  const names = [
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, "trial", { anchor: "middle" }),
    text(16, (TOP + HEIGHT - BOTTOM) / 2, scale, { anchor: "middle", turn: true }),
  ];
  return [...rows, ...columns, ...names];
}

function dot(cx: number, cy: number): string {
  return `<circle cx="${cx.toFixed(1)}" cy="${cy.toFixed(1)}" r="2"/>`;
}
