import { defer, map, type Observable } from "rxjs";
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

/** What a window is to be: how many bins, and normalised by what. */
export interface WindowShape {
  readonly length: number;
  readonly zscore: ZScore;
}

/** The newest bins of a source that ran on meanwhile, oldest first, and which units nobody listened to at the end of the last one. */
export interface Recent {
  readonly bins: readonly Bin[];
  readonly silent: SilentUnits;
}

/** Bins -> after each, the last `capacity` of them: as many as the longest window that may be asked for. A restart of the source begins anew. */
export function recent(capacity: number, silent: () => SilentUnits = () => null) {
  if (!Number.isInteger(capacity) || capacity < 1)
    throw new PhospheneError("PARAMETER_INVALID", expected("window", "a whole number of bins from 1", capacity));
  return (bin$: Observable<Bin>): Observable<Recent> =>
    defer(() => {
      let kept: readonly Bin[] = [];
      return bin$.pipe(
        map((bin) => {
          const before = kept.at(-1)?.epoch === bin.epoch ? kept : [];
          kept = [...before, bin].slice(-capacity);
          return { bins: kept, silent: silent() };
        }),
      );
    });
}

/** The window that ends with the newest bin; null while there are too few bins for it. */
export function windowOf({ bins, silent }: Recent, { length, zscore }: WindowShape): Window | null {
  if (bins.length < length) return null;
  const last = bins.slice(-length);
  const units = last[0]!.counts.length;
  const counts = new Float32Array(length * units);
  last.forEach((bin, row) => {
    counts.set(bin.counts, row * units);
  });
  return { first: last[0]!, last: last.at(-1)!, counts, silent, values: normalise(counts, zscore, silent) };
}
