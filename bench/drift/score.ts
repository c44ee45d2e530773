import { correlation, meanOverBins } from "../../src/decode/evidence.ts";
import type { LinearAnswer } from "../../src/decode/linear.ts";
import type { LinearManifest } from "../../src/decode/manifest.ts";

/** What is known of a stimulus: its category, and its values by name (x, y, size, angle). */
export interface Truth {
  readonly category: string;
  readonly labels: Readonly<Record<string, unknown>>;
}

/** Of some windows: how many, how often the category was right, R² of the values (mean), and the mean agreement with the latents. */
export interface Score {
  readonly windows: number;
  readonly category: number;
  readonly values: number;
  readonly explained: number;
}

/** Holds a bundle's answers to what was shown. */
export class Scorer {
  readonly #manifest: LinearManifest;
  /** Variance of each value over the session's stimuli. */
  readonly #variance: ReadonlyMap<string, number>;
  #windows = 0;
  #right = 0;
  #explained = 0;
  #errors = new Map<string, number>();

  constructor(manifest: LinearManifest, truths: readonly Truth[]) {
    this.#manifest = manifest;
    const values = manifest.readouts.flatMap(({ kind, labels }) => (kind === "value" ? labels : []));
    this.#variance = new Map(values.map((name) => [name, variance(truths.map((truth) => Number(truth.labels[name])))]));
  }

  add(values: Float32Array, { readouts, expected }: LinearAnswer, truth: Truth): void {
    this.#windows++;
    this.#explained += correlation(meanOverBins(values, this.#manifest.bins.window), expected);
    for (const { name, kind, labels } of this.#manifest.readouts) {
      const answer = readouts[name]!;
      if (kind === "class") this.#right += labels[answer.indexOf(Math.max(...answer))] === truth.category ? 1 : 0;
      else
        labels.forEach((label, i) => {
          const error = (answer[i]! - Number(truth.labels[label])) ** 2;
          this.#errors.set(label, (this.#errors.get(label) ?? 0) + error);
        });
    }
  }

  /** Of the windows since the last call. */
  take(): Score {
    const n = this.#windows;
    const parts = [...this.#variance].map(([name, all]) => 1 - (this.#errors.get(name) ?? 0) / n / all);
    const values = parts.reduce((sum, part) => sum + part, 0) / parts.length;
    const score = { windows: n, category: this.#right / n, values, explained: this.#explained / n };
    [this.#windows, this.#right, this.#explained] = [0, 0, 0];
    this.#errors = new Map();
    return score;
  }
}

function variance(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
}
