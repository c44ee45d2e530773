/** What one stretch of time said about the offset between two clocks, ms. */
export interface OffsetSample {
  readonly atMs: number;
  /** The smallest offset that was seen. */
  readonly offsetMs: number;
  readonly count: number;
  /** Of all offsets seen, for their mean. */
  readonly sumMs: number;
  /** Half the round trip of a probe; 0 for one-way observations. */
  readonly errorMs: number;
}

/** Quartz that is not broken drifts by less. */
const MAX_DRIFT = 200e-6;
/**
 * The smallest of n delays lies above the floor by less than 5 / sqrt(n) of their mean: chance of more e^-12 for a delay that is the sum of two
 * evenly spread ones (place in the block, network), far less for one of them alone.
 */
const FLOOR_FACTOR = 5;
/** Rounding, and the resolution of the local clock, ms. */
const RESOLUTION_MS = 0.01;
/** A source of which little was seen yet is taken to send blocks as long as the longest ones of the GUI, ms. */
const PRIOR_EXCESS_MS = 25;

/** The newest samples of a clock, a bounded number, none too old. */
export class OffsetSamples {
  readonly #most: number;
  readonly #oldestMs: number;
  #samples: OffsetSample[] = [];

  constructor(most: number, oldestMs: number) {
    this.#most = most;
    this.#oldestMs = oldestMs;
  }

  add(sample: OffsetSample): void {
    const kept = this.#samples.filter(({ atMs }) => sample.atMs - atMs <= this.#oldestMs);
    this.#samples = [...kept.slice(1 - this.#most), sample];
  }

  replace(samples: readonly OffsetSample[]): void {
    this.#samples = [...samples];
  }

  /**
   * The offset that the samples speak for, and how far it may be off. Of probes the one with the shortest round trip; of one-way
   * observations the smallest, since a message can be late and never early.
   */
  estimate(nowMs: number): { readonly offsetMs: number; readonly uncertaintyMs: number } {
    const samples = this.#samples;
    if (samples.length === 0) return { offsetMs: Number.NaN, uncertaintyMs: Number.POSITIVE_INFINITY };
    const goodness = (sample: OffsetSample) => sample.errorMs + (nowMs - sample.atMs) * MAX_DRIFT;
    const probed = samples.some(({ errorMs }) => errorMs > 0);
    const best = samples.reduce((a, b) => {
      if (probed) return goodness(b) <= goodness(a) ? b : a;
      return b.offsetMs <= a.offsetMs ? b : a;
    });
    const uncertaintyMs = RESOLUTION_MS + goodness(best) + (probed ? 0 : floorError(samples, best.offsetMs));
    return { offsetMs: best.offsetMs, uncertaintyMs };
  }
}

/** How far the smallest delay seen may lie above the smallest possible one, ms. */
function floorError(samples: readonly OffsetSample[], smallestMs: number): number {
  let count = 0;
  let excessMs = PRIOR_EXCESS_MS;
  for (const sample of samples) {
    count += sample.count;
    excessMs += sample.sumMs - sample.count * smallestMs;
  }
  return (FLOOR_FACTOR * excessMs) / count / Math.sqrt(count);
}
