import fc from "fast-check";
import { expect, test } from "vitest";
import { toRgb } from "../../daemon/decoder/rgb.ts";

const rounded = (value: number) => Math.round(Math.max(0, Math.min(255, (value + 1) * 127.5)));

test("every level is rounded to the nearest, half upwards, and clipped; planes become pixels", () => {
  fc.assert(
    fc.property(fc.float32Array({ minLength: 18, maxLength: 18, noNaN: true, min: -3, max: 3 }), (planar) => {
      const wanted = Array.from({ length: 18 }, (_, i) => rounded(planar[(i % 3) * 6 + Math.floor(i / 3)]!));
      expect([...toRgb(planar, 2, 3)]).toEqual(wanted);
    }),
  );
});

test("levels, their middles and their neighbours", () => {
  const levels = Array.from({ length: 513 }, (_, i) => Math.fround(i / 255 - 1 - 1 / 255));
  const values = Float32Array.from([
    ...levels,
    -1,
    1,
    0,
    -1e30,
    1e30,
    Number.NEGATIVE_INFINITY,
    Number.POSITIVE_INFINITY,
  ]);
  const planar = new Float32Array(3 * values.length);
  planar.set(values);
  const red = toRgb(planar, 1, values.length).filter((_, i) => i % 3 === 0);
  expect([...red]).toEqual([...values].map(rounded));
});
