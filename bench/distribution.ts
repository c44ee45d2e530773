import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from "hdr-histogram-js";
import { z } from "zod";

const US_PER_MS = 1000;
/** Points of a curve per factor of ten of the tail. */
const POINTS_PER_DECADE = 16;

/** What is kept of many latencies, ms. */
export const distributionSchema = z.object({
  n: z.int(),
  p50: z.number(),
  p90: z.number(),
  p99: z.number(),
  p999: z.number(),
  max: z.number(),
  mean: z.number(),
  /** [share of the values that are smaller, ms], towards 1 in steps of the logarithm of the rest. */
  curve: z.array(z.tuple([z.number(), z.number()])),
});
export type Distribution = z.infer<typeof distributionSchema>;

/** A histogram as text (HdrHistogram's own format, compressed, base64) and its exact maximum, ms. */
export const keptSchema = z.object({ hdr: z.string(), maxMs: z.number() });
export type KeptLatencies = z.infer<typeof keptSchema>;

/** Quantiles over everything that was wanted, where what never came is later than all the rest: null means never. */
export const offeredSchema = z.object({
  offered: z.int(),
  p50: z.number().nullable(),
  p90: z.number().nullable(),
  p99: z.number().nullable(),
  p999: z.number().nullable(),
});
export type OfferedQuantiles = z.infer<typeof offeredSchema>;

/** Latencies in an HDR histogram: three significant digits from 1 us to 10 minutes, nothing kept of the single value. */
export class Latencies {
  readonly #histogram: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 600_000_000,
    numberOfSignificantValueDigits: 3,
  });
  #maxMs = 0;

  /** Records `ms`; what is no number is left out, and less than nothing (two clocks of one machine read out of turn) counts as nothing. */
  record(ms: number): void {
    if (!Number.isFinite(ms)) return;
    this.#histogram.recordValue(Math.max(0, Math.round(ms * US_PER_MS)));
    if (ms > this.#maxMs) this.#maxMs = ms;
  }

  /** All of it as text, so that results of several runs can be put together. */
  kept(): KeptLatencies {
    return { hdr: encodeIntoCompressedBase64(this.#histogram), maxMs: this.#maxMs };
  }

  /** Adds what another run kept. */
  add({ hdr, maxMs }: KeptLatencies): void {
    this.#histogram.add(decodeFromCompressedBase64(hdr));
    this.#maxMs = Math.max(this.#maxMs, maxMs);
  }

  summary(): Distribution {
    const histogram = this.#histogram;
    const at = (share: number) => this.#at(share);
    return {
      n: histogram.totalCount,
      ...{ p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999) },
      max: this.#maxMs,
      mean: histogram.totalCount === 0 ? 0 : histogram.mean / US_PER_MS,
      curve: this.#curve(),
    };
  }

  /** `missing` further values were wanted and never came. */
  overOffered(missing: number): OfferedQuantiles {
    const came = this.#histogram.totalCount;
    const offered = came + missing;
    const at = (share: number) => (share * offered <= came ? this.#at((share * offered) / came) : null);
    return { offered, p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999) };
  }

  #at(share: number): number {
    if (this.#histogram.totalCount === 0) return 0;
    // A bucket's upper end may lie above the largest value in it.
    return Math.min(this.#histogram.getValueAtPercentile(100 * share) / US_PER_MS, this.#maxMs);
  }

  #curve(): [number, number][] {
    const { totalCount } = this.#histogram;
    if (totalCount === 0) return [];
    const points = Math.floor(Math.log10(totalCount) * POINTS_PER_DECADE);
    const shares = Array.from({ length: points + 1 }, (_, i) => 1 - 10 ** (-i / POINTS_PER_DECADE));
    return [...shares.map((share): [number, number] => [share, this.#at(share)]), [1, this.#maxMs]];
  }
}

/** The distribution of given values, ms. */
export function distribution(values: Iterable<number>): Distribution {
  const latencies = new Latencies();
  for (const ms of values) latencies.record(ms);
  return latencies.summary();
}
