import { expect, test } from "vitest";
import { match } from "../../bench/outputs/main.ts";

const ready = (...ms: number[]) => new Map(ms.map((at, seq) => [seq, at]));
const plain = (...ms: number[]) => ms.map((at) => ({ upMs: at, downMs: at }));

test("triggers are told apart in order, however late they come", () => {
  expect([...match(ready(0, 40, 80), plain(1, 81.5, 82))]).toEqual([
    [0, 1],
    [1, 81.5],
    [2, 82],
  ]);
});

test("a frame that prolonged a pulse has none, and the next ones keep theirs", () => {
  const pulses = [
    { upMs: 1, downMs: 6 },
    { upMs: 41, downMs: 46 },
  ];
  expect([...match(ready(0, 3, 40), pulses)]).toEqual([
    [0, 1],
    [2, 41],
  ]);
});

test("what never came is missing", () => {
  expect(match(ready(0, 40), plain(1)).size).toBe(1);
});
