import { box, curve, line, renderFigure, text } from "../figures/svg.ts";
import type { DriftResult } from "./result.ts";
import type { Point } from "./run.ts";

const WIDTH = 860;
const [LEFT, RIGHT, TOP, HEIGHT, GAP] = [64, 840, 60, 150, 46];

const PANELS: readonly {
  readonly title: string;
  readonly of: (point: Point, which: "frozen" | "adapted") => number;
}[] = [
  { title: "category, share right", of: (point, which) => point[which].category },
  { title: "position, size, angle: R² (0 where below)", of: (point, which) => Math.max(0, point[which].values) },
];

/** Accuracy over the minutes of a session, of the decoder as it was and as it adapted. */
export function driftFigure({ points, run, bundle }: DriftResult): string {
  const bottom = TOP + PANELS.length * (HEIGHT + GAP);
  const x = (minute: number) => LEFT + ((RIGHT - LEFT) * minute) / run.minutes;
  const said = `${100 * run.lost} % of the units lost, ${100 * run.moved} % exchanged`;
  return renderFigure({
    ...{ width: WIDTH, height: bottom + 30, title: "A decoder that learns while its units drift" },
    description: describe(points),
    body: [
      text(LEFT, 24, `${bundle}: stimuli that it was never taught, while units drift`, { class: "title" }),
      ...["as the bundle has it", "adapting"].flatMap((name, i) => [
        box(LEFT + 180 * i, 34, 12, 10, i),
        text(LEFT + 180 * i + 18, 43, name),
      ]),
      ...PANELS.flatMap(({ title, of }, i) => {
        const top = TOP + i * (HEIGHT + GAP) + 14;
        const y = (value: number) => top + HEIGHT * (1 - value);
        return [
          text(LEFT, top - 5, title, { class: "small" }),
          ...[0, 0.25, 0.5, 0.75, 1].flatMap((value) => [
            line(LEFT, y(value), RIGHT, y(value), "grid"),
            text(LEFT - 8, y(value) + 4, String(value), { anchor: "end", class: "soft small" }),
          ]),
          line(x(run.atMs / 60_000), top, x(run.atMs / 60_000), top + HEIGHT, "limit"),
          text(x(run.atMs / 60_000) + 6, y(0.04), said, { class: "soft small" }),
          ...(["frozen", "adapted"] as const).map((which, at) =>
            curve(
              points.map((point) => [x(point.minute), y(of(point, which))] as const),
              at,
            ),
          ),
        ];
      }),
      ...minutes(run.minutes).map((minute) =>
        text(x(minute), bottom, String(minute), { anchor: "middle", class: "soft small" }),
      ),
      text((LEFT + RIGHT) / 2, bottom + 18, "minutes", { anchor: "middle", class: "small" }),
    ],
  });
}

function minutes(all: number): number[] {
  const step = Math.max(1, Math.round(all / 6));
  return Array.from({ length: Math.floor(all / step) + 1 }, (_, i) => i * step);
}

function describe(points: readonly Point[]): string {
  const last = points.at(-1);
  if (last === undefined) return "";
  const { frozen, adapted } = last;
  return `At the end the category is right in ${frozen.category.toFixed(2)} of the windows as the bundle has it, in ${adapted.category.toFixed(2)} adapted.`;
}
