import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

export const SAMPLES_PER_MS = 30;

/** A population that fires for `seconds`: Poisson spikes at `rateHz` in all, unevenly spread over its units, the same for the same seed. */
export interface Train {
  readonly units: number;
  readonly rateHz: number;
  readonly seconds: number;
  readonly seed: number;
}

export interface Spike {
  readonly sample: number;
  readonly unit: number;
}

/** All spikes in the order of their times. */
export function* spikesOf({ units, rateHz, seconds, seed }: Train): Generator<Spike> {
  const generator = xoroshiro128plus(seed);
  const uniform = () => uniformFloat64(generator);
  const edges = cumulative(Array.from({ length: units }, () => 0.2 + 1.6 * uniform()));
  const perSample = rateHz / (1000 * SAMPLES_PER_MS);
  for (let time = 0; ; ) {
    time -= Math.log(1 - uniform()) / perSample;
    const sample = Math.floor(time);
    if (sample >= seconds * 1000 * SAMPLES_PER_MS) return;
    yield { sample, unit: unitAt(edges, uniform()) };
  }
}

/** The same spikes as counts: bin i of `widthMs` begins at i times its width; each [units]. */
export function countsOf(train: Train, widthMs: number): Uint16Array[] {
  const bins = Array.from({ length: Math.floor((train.seconds * 1000) / widthMs) }, () => new Uint16Array(train.units));
  for (const { sample, unit } of spikesOf(train)) {
    const bin = bins[Math.floor(sample / (widthMs * SAMPLES_PER_MS))];
    if (bin !== undefined) bin[unit]!++;
  }
  return bins;
}

function cumulative(weights: readonly number[]): Float64Array {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  return Float64Array.from(weights, (weight) => {
    sum += weight / total;
    return sum;
  });
}

/** The first unit whose edge lies beyond `u`. */
function unitAt(edges: Float64Array, u: number): number {
  let [low, high] = [0, edges.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle]! > u) high = middle;
    else low = middle + 1;
  }
  return low;
}
