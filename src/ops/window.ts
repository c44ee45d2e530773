import { defer, filter, map, type Observable } from "rxjs";
import { expected, PhospheneError } from "../errors.ts";
import type { Bin, SilentUnits, Window } from "../signal/types.ts";

export interface ZScore {
  /** Per unit, of the count of one bin, over the training set; shape [units]. */
  readonly mean: ArrayLike<number>;
  readonly std: ArrayLike<number>;
  /** z-scores are limited to [-clip, clip]. */
  readonly clip: number;
}

/**
 * (count - mean) / std per unit, limited to [-clip, clip]; shape of `counts` is [W, units]. Silent units get 0, the mean: no spikes of a unit
 * that nobody listens to say nothing.
 */
export function normalise(counts: Float32Array, { mean, std, clip }: ZScore, silent: SilentUnits = null): Float32Array {
  const values = new Float32Array(counts.length);
  const units = mean.length;
  for (let i = 0; i < counts.length; i++) {
    const unit = i % units;
    if (silent?.[unit]) continue;
    const z = (counts[i]! - mean[unit]!) / std[unit]!;
    values[i] = Math.max(-clip, Math.min(clip, z));
  }
  return values;
}

/**
 * Bins -> sliding windows of the last `length` bins, normalised. Windows do not span a restart of the source.
 * A bin that completes no window goes to `onIncomplete` instead.
 */
export function window(
  length: number,
  zscore: ZScore,
  onIncomplete: (bin: Bin) => void,
  silent: () => SilentUnits = () => null,
) {
  if (!Number.isInteger(length) || length < 1)
    throw new PhospheneError("PARAMETER_INVALID", expected("window", "a whole number of bins from 1", length));
  return (bin$: Observable<Bin>): Observable<Window> =>
    defer(() => {
      let recent: Bin[] = [];
      return bin$.pipe(
        map((bin) => {
          if (recent.at(-1)?.epoch !== bin.epoch) recent = [];
          recent.push(bin);
          if (recent.length > length) recent.shift();
          if (recent.length === length) return toWindow(recent, zscore, silent());
          onIncomplete(bin);
          return null;
        }),
        filter((value) => value !== null),
      );
    });
}

function toWindow(bins: readonly Bin[], zscore: ZScore, silent: SilentUnits): Window {
  const units = bins[0]!.counts.length;
  const counts = new Float32Array(bins.length * units);
  bins.forEach((bin, row) => {
    counts.set(bin.counts, row * units);
  });
  return { first: bins[0]!, last: bins.at(-1)!, counts, silent, values: normalise(counts, zscore, silent) };
}
