import { normals } from "./random.ts";

export interface SearchOptions {
  readonly dimension: number;
  /** Candidates of a generation come in pairs, mirrored about the middle: what makes one better makes the other worse. */
  readonly pairs: number;
  /** First spread of the candidates, in every direction. */
  readonly sigma: number;
  readonly seed: number;
}

/** A search for the highest score by asking and telling. */
export interface Search {
  /** The middle of the distribution: the best guess so far. */
  readonly mean: Float64Array;
  readonly sigma: Float64Array;
  /** The points of the next generation. */
  ask(): Float64Array[];
  /** Scores of the points that were asked last, in their order; higher is better. Only their ranks count. */
  tell(scores: readonly number[]): void;
}

/**
 * A separable natural evolution strategy (SNES: Schaul, Glasmachers and Schmidhuber 2011; utilities of Wierstra et al. 2014): a normal
 * distribution with a mean and a spread for each dimension, both moved along the natural gradient of the expected rank. It wants no
 * gradients and stands noise, as spike counts have it: ranks are averaged over the generation.
 */
export function createSearch({ dimension, pairs, sigma, seed }: SearchOptions): Search {
  const normal = normals(seed);
  const mean = new Float64Array(dimension);
  const spread = new Float64Array(dimension).fill(sigma);
  const utilities = rankUtilities(2 * pairs);
  const learning = (3 + Math.log(dimension)) / (5 * Math.sqrt(dimension));
  let directions: Float64Array[] = [];
  return {
    mean,
    sigma: spread,
    ask() {
      const halves = Array.from({ length: pairs }, () => Float64Array.from({ length: dimension }, normal));
      // Mirrored ones apart: neighbours in time spill into each other's responses.
      directions = [...halves, ...halves.map((half) => half.map((value) => -value))];
      return directions.map((direction) => mean.map((middle, i) => middle + (spread[i] ?? 0) * (direction[i] ?? 0)));
    },
    tell(scores) {
      if (scores.length !== directions.length)
        throw new RangeError(`tell: expected ${directions.length} scores, got ${scores.length}`);
      const weights = weightsOf(scores, utilities);
      for (let i = 0; i < dimension; i++) {
        let [toMean, toSpread] = [0, 0];
        for (const [k, direction] of directions.entries()) {
          const value = direction[i] ?? 0;
          toMean += (weights[k] ?? 0) * value;
          toSpread += (weights[k] ?? 0) * (value * value - 1);
        }
        mean[i]! += (spread[i] ?? 0) * toMean;
        spread[i]! *= Math.exp((learning / 2) * toSpread);
      }
    },
  };
}

/** What the best, the second, ... of a generation counts for; the worse half counts alike. They sum to 0. */
function rankUtilities(count: number): number[] {
  const raw = Array.from({ length: count }, (_, rank) => Math.max(0, Math.log(count / 2 + 1) - Math.log(rank + 1)));
  const sum = raw.reduce((total, value) => total + value, 0);
  return raw.map((value) => value / sum - 1 / count);
}

/** The utility of each score's rank; equal scores, which counts often are, share theirs. */
function weightsOf(scores: readonly number[], utilities: readonly number[]): Float64Array {
  const order = scores.map((_, i) => i).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
  const weights = new Float64Array(scores.length);
  for (let from = 0; from < order.length; ) {
    let to = from;
    let sum = 0;
    while (to < order.length && scores[order[to]!] === scores[order[from]!]) sum += utilities[to++] ?? 0;
    for (const i of order.slice(from, to)) weights[i] = sum / (to - from);
    from = to;
  }
  return weights;
}
