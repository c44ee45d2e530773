import { z } from "zod";
import { PhospheneError } from "../../src/errors.ts";

/** base64 of little-endian float32, as golden.json has its arrays. */
export const floats = z.base64().transform((text) => {
  const bytes = Buffer.from(text, "base64");
  const values = new Float32Array(Math.floor(bytes.length / 4));
  for (let i = 0; i < values.length; i++) values[i] = bytes.readFloatLE(4 * i);
  return values;
});

/** One output of a golden case: what came, what was expected, and how far apart they may be. */
export interface Comparison {
  readonly name: string;
  readonly got: Float32Array;
  readonly wanted: Float32Array;
  readonly limit: number;
  /** What it was computed in. */
  readonly precision: string;
}

/** The largest difference of any output of any case; throws BUNDLE_GOLDEN_MISMATCH that names the first output beyond its limit. */
export function worstDifference(dir: string, cases: readonly (readonly Comparison[])[]): number {
  let worst = 0;
  for (const [i, outputs] of cases.entries())
    for (const { name, got, wanted, limit, precision } of outputs) {
      const difference = largestDifference(got, wanted);
      if (!(difference <= limit))
        throw new PhospheneError(
          "BUNDLE_GOLDEN_MISMATCH",
          `${dir}: case ${i}, ${name}: expected agreement within ${limit} (${precision}), got a difference of ${difference}`,
        );
      worst = Math.max(worst, difference);
    }
  return worst;
}

/** Largest absolute difference; infinite where the lengths differ, NaN where a number is none. */
export function largestDifference(got: Float32Array, wanted: Float32Array): number {
  if (got.length !== wanted.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < got.length; i++) worst = Math.max(worst, Math.abs(got[i]! - wanted[i]!));
  return worst;
}
