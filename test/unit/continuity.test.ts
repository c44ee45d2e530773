import { expect, test } from "vitest";
import { Continuity } from "../../src/decode/continuity.ts";

test("windows follow on one another until the source's clock begins anew or the source was lost in between", () => {
  const continuity = new Continuity();
  const asked: [epoch: number, losses: number][] = [
    ...([
      [4, 2],
      [4, 2],
      [5, 2],
      [5, 2],
      [5, 3],
      [5, 3],
      [6, 4],
      [6, 4],
    ] satisfies [number, number][]),
  ];
  const broken = asked.map(([epoch, losses]) => continuity.isBroken(epoch, losses));
  // The first window follows on none: there is nothing to forget.
  expect(broken).toEqual([false, false, true, false, true, false, true, false]);
});
