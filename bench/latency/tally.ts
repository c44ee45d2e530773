import { type KeptLatencies, Latencies } from "../distribution.ts";
import type { LatencyResult, SpanName, StageName } from "./result.ts";

type Figures = Pick<LatencyResult, "spans" | "stages" | "ends" | "offeredTotal" | "histograms">;

/** Histograms of all spans and stages; `kind name` is the key of each. */
export class LatencyTally {
  readonly #all = new Map<string, Latencies>();

  /** Stages of a frame, [from, to] in ms; ends count from the close of its bin. */
  stages(stages: Record<StageName, [number, number]>, closedMs: number): void {
    for (const [name, [fromMs, toMs]] of Object.entries(stages)) {
      this.#named(`stage ${name}`).record(toMs - fromMs);
      this.#named(`end ${name}`).record(toMs - closedMs);
    }
  }

  spans(spans: Record<SpanName, number>): void {
    for (const [name, ms] of Object.entries(spans)) this.#named(`span ${name}`).record(ms);
  }

  add(histograms: Readonly<Record<string, KeptLatencies>>): void {
    for (const [key, kept] of Object.entries(histograms)) this.#named(key).add(kept);
  }

  /** `missing`: bins that gave no frame. */
  figures(missing: number): Figures {
    const span = (name: SpanName) => this.#named(`span ${name}`).summary();
    const ends = this.#of("end ").map(([name, latencies]) => {
      const { p50, p99 } = latencies.summary();
      return [name, { p50, p99 }] as const;
    });
    return {
      spans: {
        ...{ total: span("total"), overhead: span("overhead"), model: span("model") },
        ...{ closeToClient: span("closeToClient"), binEnd: span("binEnd"), spike: span("spike") },
      },
      stages: Object.fromEntries(this.#of("stage ").map(([name, latencies]) => [name, latencies.summary()])),
      ends: Object.fromEntries(ends),
      offeredTotal: this.#named("span total").overOffered(missing),
      histograms: Object.fromEntries([...this.#all].map(([key, latencies]) => [key, latencies.kept()])),
    };
  }

  #of(prefix: string): [string, Latencies][] {
    return [...this.#all].flatMap(([key, latencies]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), latencies]] : [],
    );
  }

  #named(key: string): Latencies {
    const latencies = this.#all.get(key) ?? new Latencies();
    this.#all.set(key, latencies);
    return latencies;
  }
}
