import { createSpikeBatch } from "../spike-batch.ts";

/** Growing columns of spikes (s, unit), in the order in which a reader finds them. */
export interface Columns {
  readonly length: number;
  push(time: number, unit: number): void;
  /** Copies in order of time; spikes of the same time keep their order. */
  sorted(): { times: Float64Array; units: Uint16Array };
}

export function createColumns(capacity?: number): Columns {
  const batch = createSpikeBatch(capacity);
  return {
    get length() {
      return batch.length;
    },
    push: batch.push,
    sorted() {
      const { times, units } = batch.copy();
      return mergeRuns(times, units);
    },
  };
}

/**
 * Natural merge sort: files are sorted but for a few spikes (a waveform ends later than the next begins), or are sorted for each
 * unit, so merging the runs that are there is far less work than sorting. Stable.
 */
function mergeRuns(times: Float64Array, units: Uint16Array): Pair {
  let from: Pair = { times, units };
  let to: Pair = { times: new Float64Array(0), units: new Uint16Array(0) };
  for (let ends = runEnds(times); ends.length > 1; ) {
    if (to.times.length === 0) to = { times: times.slice(), units: units.slice() };
    const merged: number[] = [];
    for (let run = 0, start = 0; run < ends.length; run += 2) {
      const middle = ends[run]!;
      const end = ends[run + 1] ?? middle;
      merge(from, to, start, middle, end);
      merged.push(end);
      start = end;
    }
    ends = merged;
    [from, to] = [to, from];
  }
  return from;
}

/** Index after the last element of each run that does not fall. */
function runEnds(times: Float64Array): number[] {
  const ends: number[] = [];
  for (let i = 1; i <= times.length; i++) if (i === times.length || times[i]! < times[i - 1]!) ends.push(i);
  return ends;
}

type Pair = { times: Float64Array; units: Uint16Array };

function merge(from: Pair, to: Pair, start: number, middle: number, end: number): void {
  let [left, right] = [start, middle];
  for (let at = start; at < end; at++) {
    const takeLeft = left < middle && (right >= end || from.times[left]! <= from.times[right]!);
    const source = takeLeft ? left++ : right++;
    to.times[at] = from.times[source]!;
    to.units[at] = from.units[source]!;
  }
}
