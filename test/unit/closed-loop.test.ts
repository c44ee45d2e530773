import { expect, test } from "vitest";
import type { Latents, Spikes } from "../../clients/ts/index.ts";
import { createPainter, DIMENSION } from "../../examples/closed-loop/pictures.ts";
import { normals } from "../../examples/closed-loop/random.ts";
import { Responses } from "../../examples/closed-loop/responses.ts";
import { createSearch, type Search } from "../../examples/closed-loop/search.ts";

const SEARCH = { dimension: 12, pairs: 12, sigma: 0.6, seed: 3 };
const target = Float64Array.from({ length: 12 }, (_, i) => Math.sin(3 * i));
const distance = (point: Float64Array) => Math.hypot(...point.map((value, i) => value - (target[i] ?? 0)));

function climb(search: Search, generations: number, score: (point: Float64Array) => number): void {
  for (let generation = 0; generation < generations; generation++) search.tell(search.ask().map(score));
}

test("the search finds the top of a hill", () => {
  const search = createSearch(SEARCH);
  const before = distance(search.mean);
  climb(search, 100, (point) => -distance(point));
  expect(before).toBeGreaterThan(2);
  expect(distance(search.mean)).toBeLessThan(0.05);
});

test("with scores as noisy as spike counts it still climbs, and the same seed climbs the same way", () => {
  const run = () => {
    const search = createSearch(SEARCH);
    const noise = normals(5);
    climb(search, 40, (point) => Math.round(8 - 2 * distance(point) + 2 * noise()));
    return search.mean;
  };
  expect(distance(run())).toBeLessThan(1);
  expect(run()).toEqual(run());
});

test("scores that are all equal move nothing", () => {
  const search = createSearch(SEARCH);
  climb(search, 5, () => 4);
  for (const value of search.mean) expect(value).toBeCloseTo(0, 12);
});

test("a generation without one score for each candidate is refused", () => {
  const search = createSearch(SEARCH);
  search.ask();
  expect(() => search.tell([1, 2])).toThrow(/expected 24 scores, got 2/);
});

test("numbers become pictures: grey for zeros, and each number changes one colour", () => {
  const paint = createPainter(8, 6);
  const grey = paint(new Float64Array(DIMENSION));
  expect(new Set(grey.image)).toEqual(new Set([128]));
  const red = paint(Float64Array.from({ length: DIMENSION }, (_, i) => (i === 0 ? 2 : 0)));
  expect([...red.image.subarray(0, 3)]).toEqual([250, 128, 128]);
  expect(red.image.length).toBe(3 * 8 * 6);
});

const WIDTH_S = 0.02;
const bin = (index: number, units: number[] = [], offsetsMs: number[] = []): Spikes => ({
  ...{ index, startS: index * WIDTH_S, widthMs: 20, closedMs: 0 },
  ...{ units: Uint16Array.from(units), offsetsMs: Float32Array.from(offsetsMs) },
});
const latents = (first: number, last: number, value: number) =>
  ({ bins: [first, last], held: null, mu: Float32Array.of(value) }) as unknown as Latents;

test("spikes are counted in their span, from its first instant to before its last", () => {
  const responses = new Responses(3, false);
  responses.bin(bin(4, [0, 1, 1], [9, 11, 19]));
  responses.bin(bin(5, [2], [0]));
  expect(responses.read({ fromS: 0.09, toS: 0.13 })).toBeUndefined();
  responses.bin(bin(6, [1, 0], [5, 15]));
  expect(responses.read({ fromS: 0.09, toS: 0.13 })).toEqual({ counts: Uint32Array.of(0, 3, 1), mu: null });
});

test("a span with a bin that never came, or from before the first one, has no response", () => {
  const responses = new Responses(1, false);
  for (const index of [4, 6, 7]) responses.bin(bin(index));
  expect(responses.read({ fromS: 0.09, toS: 0.13 })).toBeNull();
  expect(responses.read({ fromS: 0.06, toS: 0.1 })).toBeNull();
  expect(responses.read({ fromS: 0.12, toS: 0.15 })).toEqual({ counts: Uint32Array.of(0), mu: null });
});

test("latents are those of the frame whose window lies in the span best", () => {
  const responses = new Responses(1, true);
  for (let index = 0; index < 16; index++) responses.bin(bin(index));
  responses.latents(latents(2, 6, 1));
  responses.latents(latents(4, 8, 2));
  const span = { fromS: 0.09, toS: 0.19 };
  expect(responses.read(span)).toBeUndefined();
  responses.latents(latents(6, 10, 3));
  expect(responses.read(span)?.mu).toEqual(Float32Array.of(2));
  expect(responses.read({ fromS: 0, toS: 0.04 })).toBeNull();
});

test("a source that begins anew is not mixed with what it was", () => {
  const responses = new Responses(1, false);
  for (const index of [100, 101]) responses.bin(bin(index, [0], [1]));
  responses.bin(bin(0, [0], [1]));
  expect(responses.read({ fromS: 2, toS: 2.02 })).toBeUndefined();
  expect(responses.read({ fromS: 0, toS: 0.02 })).toEqual({ counts: Uint32Array.of(1), mu: null });
});
