import { expect, test } from "vitest";
import { Loop } from "../../clients/viewer/lib/loop.ts";

function recorded(freezable: boolean): { loop: Loop; turns: [number, boolean][] } {
  const loop = new Loop();
  const turns: [number, boolean][] = [];
  loop.add((nowMs, readable) => turns.push([nowMs, readable]), { freezable });
  return { loop, turns };
}

test("numerals change five times a second, for all painters in the same turn", () => {
  const { loop, turns } = recorded(false);
  for (const nowMs of [0, 16, 199, 200, 216, 400]) loop.turn(nowMs);
  expect(turns.filter(([, readable]) => readable).map(([nowMs]) => nowMs)).toEqual([0, 200, 400]);
});

test("freezing paints once more with its numerals, then not until it goes on", () => {
  const { loop, turns } = recorded(true);
  loop.turn(0);
  loop.frozen = true;
  for (const nowMs of [16, 32, 48]) loop.turn(nowMs);
  loop.frozen = false;
  loop.turn(64);
  expect(turns).toEqual([
    [0, true],
    [16, true],
    [64, false],
  ]);
});

test("a painter that does not freeze goes on, one that was removed does not", () => {
  const { loop, turns } = recorded(false);
  const other: number[] = [];
  const remove = loop.add((nowMs) => other.push(nowMs));
  loop.frozen = true;
  loop.turn(0);
  remove();
  loop.turn(16);
  expect([turns.length, other]).toEqual([2, [0]]);
});

test("another frame of a frozen page draws what belongs to a frame, not what goes on in time", () => {
  const loop = new Loop();
  const turns: string[] = [];
  for (const kind of ["frame", "series"] as const)
    loop.add((nowMs) => turns.push(`${kind} ${nowMs}`), { freezable: kind });
  loop.show(true);
  loop.turn(0);
  loop.turn(16);
  loop.show(true);
  loop.turn(32);
  loop.show(false);
  loop.turn(48);
  expect(turns).toEqual(["frame 0", "series 0", "frame 32", "frame 48", "series 48"]);
});
