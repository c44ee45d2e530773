import { expected, PhospheneError } from "../errors.ts";
import type { CountBlock } from "./types.ts";

/** How far the bin width may be from a whole number of sample intervals, in intervals. */
const TOLERANCE = 1e-3;
const MAX_COUNT = 0xffff;

/** The counted samples of the open bin. */
export class CountBuffer {
  readonly #widthS: number;
  readonly #counts: Uint16Array;
  readonly #markUnits: number[] = [];
  readonly #markOffsetsMs: number[] = [];
  #samples = 0;
  #spikes = 0;

  constructor(units: number, widthS: number) {
    this.#widthS = widthS;
    this.#counts = new Uint16Array(units);
  }

  get samples(): number {
    return this.#samples;
  }

  /** How many samples of the block fill a bin; throws SOURCE_MISMATCH when they cannot, or are not of our units. */
  samplesPerBin(block: CountBlock): number {
    return samplesPerBin(block, this.#widthS, this.#counts.length);
  }

  /** Adds a sample of the block, its middle `offsetMs` after the start of the bin. Returns its number of spikes. */
  add({ counts }: CountBlock, sample: number, offsetMs: number): number {
    const units = this.#counts.length;
    let spikes = 0;
    for (let unit = 0; unit < units; unit++) {
      const count = counts[sample * units + unit]!;
      if (count === 0) continue;
      spikes += count;
      this.#counts[unit] = Math.min(MAX_COUNT, this.#counts[unit]! + count);
      this.#markUnits.push(unit);
      this.#markOffsetsMs.push(offsetMs);
    }
    this.#samples++;
    this.#spikes += spikes;
    return spikes;
  }

  /** Adds what was gathered to a bin and starts over. Returns the number of spikes. */
  take(counts: Uint16Array, mark: (unit: number, offsetMs: number) => void): number {
    const spikes = this.#spikes;
    if (spikes > 0)
      this.#counts.forEach((count, unit) => {
        counts[unit] = Math.min(MAX_COUNT, counts[unit]! + count);
      });
    this.#markUnits.forEach((unit, i) => void mark(unit, this.#markOffsetsMs[i]!));
    this.#counts.fill(0);
    this.#markUnits.length = 0;
    this.#markOffsetsMs.length = 0;
    this.#samples = 0;
    this.#spikes = 0;
    return spikes;
  }
}

/** Sum of one sample of a block. */
export function sumOf({ counts, times }: CountBlock, sample: number): number {
  const units = counts.length / times.length;
  let sum = 0;
  for (let i = sample * units; i < (sample + 1) * units; i++) sum += counts[i]!;
  return sum;
}

/** How many samples of the block fill a bin of `widthS`; throws SOURCE_MISMATCH when they cannot, or are not of so many units. */
export function samplesPerBin({ source, times, counts, intervalS }: CountBlock, widthS: number, units: number): number {
  const perBin = Math.round(widthS / intervalS);
  if (!(perBin >= 1) || !(Math.abs(widthS / intervalS - perBin) <= TOLERANCE))
    throw new PhospheneError(
      "SOURCE_MISMATCH",
      expected(
        `counts of ${source}`,
        `samples of ${widthS * 1000} ms (the width of a bin) or a whole fraction of it`,
        `samples of ${intervalS * 1000} ms`,
      ),
    );
  const values = times.length * units;
  if (counts.length !== values)
    throw new PhospheneError(
      "SOURCE_MISMATCH",
      expected(`counts of ${source}`, `${values} values for ${times.length} samples`, counts.length),
    );
  return perBin;
}
