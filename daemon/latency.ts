import { build, type Histogram } from "hdr-histogram-js";
import { type Percentiles, STAGES, type Stage } from "../src/protocol/messages.ts";

/** Latency histograms of all stages since start, in microseconds inside, ms outside. */
export class LatencyRecorder {
  readonly #histograms = Object.fromEntries(STAGES.map((stage) => [stage, newHistogram()])) as Record<Stage, Histogram>;

  /** Records `ms`; not-a-number (a frame without spikes has no age) is left out. */
  record(stage: Stage, ms: number): void {
    if (Number.isFinite(ms)) this.#histograms[stage].recordValue(Math.max(0, Math.round(ms * 1000)));
  }

  percentiles(): Record<Stage, Percentiles> {
    const entries = STAGES.map((stage) => [stage, summary(this.#histograms[stage])]);
    return Object.fromEntries(entries) as Record<Stage, Percentiles>;
  }
}

function newHistogram(): Histogram {
  return build({ lowestDiscernibleValue: 1, highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: 2 });
}

function summary(histogram: Histogram): Percentiles {
  const at = (p: number) => histogram.getValueAtPercentile(p) / 1000;
  return { n: histogram.totalCount, p50: at(50), p99: at(99), p999: at(99.9), max: histogram.maxValue / 1000 };
}
