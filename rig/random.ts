import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** Seeded numbers of one purpose; every purpose takes a generator of its own, so that one does not shift another. */
export interface Random {
  /** Uniform in [0, 1), 32 bits. */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** Whole number from 0 to `count - 1`. */
  below(count: number): number;
}

/** `stream` tells apart the generators of one seed. */
export function createRandom(seed: number, stream: number): Random {
  const rng = xoroshiro128plus(Math.imul(seed, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b));
  const uniform = () => (rng.next() + 0x8000_0000) / 0x1_0000_0000;
  return {
    uniform,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    below: (count) => uniformInt(rng, 0, count - 1),
  };
}

/** Stimuli in random order, never the same twice in a row (unless there is only one). */
export function randomOrder(count: number, random: Random): () => number {
  let last = -1;
  return () => {
    // One of the others: numbers from the last one on move up by one.
    const pick = last < 0 || count === 1 ? random.below(count) : random.below(count - 1);
    last = last >= 0 && count > 1 && pick >= last ? pick + 1 : pick;
    return last;
  };
}
