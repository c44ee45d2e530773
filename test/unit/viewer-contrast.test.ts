import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { COLOURS } from "../../clients/viewer/paint/colours.ts";

const css = readFileSync(new URL("../../clients/viewer/style/base.css", import.meta.url), "utf8");
const token = (name: string): string => new RegExp(`--${name}: ([^;]+);`).exec(css)?.[1] ?? "missing";
type Rgb = [number, number, number];

function rgb(hex: string): Rgb {
  const [r, g, b] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  return [r!, g!, b!];
}

/** Relative luminance, WCAG 2.2. */
function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(one: Rgb, other: Rgb): number {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high! + 0.05) / (low! + 0.05);
}

const over = (front: Rgb, back: Rgb, alpha: number) =>
  front.map((value, i) => alpha * value + (1 - alpha) * back[i]!) as Rgb;

const GROUNDS = ["ground", "panel", "field"];

test.each(["text", "dim", "accent", "warn", "fault"])("%s is text on every ground: AA wants 4.5", (ink) => {
  for (const ground of GROUNDS)
    expect(contrast(rgb(token(ink)), rgb(token(ground))), ground).toBeGreaterThanOrEqual(4.5);
});

test("what is not of now can still be read", () => {
  const panel = rgb(token("panel"));
  const ground = rgb(token("ground"));
  const [ink, back] = [
    over(rgb(token("dim")), ground, Number(token("old"))),
    over(panel, ground, Number(token("old"))),
  ];
  expect(contrast(ink, back)).toBeGreaterThanOrEqual(4.5);
});

test("dark words on a coloured button, and edges of what can be pressed", () => {
  for (const ink of ["accent", "warn"])
    expect(contrast(rgb(token("ground")), rgb(token(ink)))).toBeGreaterThanOrEqual(4.5);
  for (const ground of GROUNDS) expect(contrast(rgb(token("rule")), rgb(token(ground)))).toBeGreaterThanOrEqual(3);
});

test("canvases paint with the same colours as the page", () => {
  for (const name of ["line", "dim", "text", "accent", "warn", "fault"] as const)
    expect(COLOURS[name], name).toBe(token(name));
});
