import { meanOverBins } from "./evidence.ts";
import type { Correction, LinearRunner } from "./linear.ts";
import { Rls } from "./rls.ts";

export interface AdaptationOptions {
  /** What a window still counts after the next one (src/decode/rls.ts). */
  readonly forgetting: number;
  /** How many windows' worth of doubt there is against any change of the bundle's decoder. */
  readonly penalty: number;
}

/** As shipped (config.yaml, `adapt`). */
export const ADAPTATION: AdaptationOptions = { forgetting: 0.9995, penalty: 3000 };

/**
 * What a linear decoder learns while it runs: mu' = mu + B m + c, m the window's mean normalised counts [units], B and c from 0 by recursive
 * least squares towards the latents of pictures that are known to have been shown; and in the same way what mu' tells of m, so that the evidence
 * `explained` is of the units as they are now. Pure: the owner says when to work.
 *
 * One lesson at a time: those that come meanwhile are left out and counted, so that nothing queues up.
 */
export class LinearAdaptation implements Correction {
  readonly #runner: LinearRunner;
  readonly #bins: number;
  readonly #make: () => Learners;
  /** Made when it is first switched on: a thousand units need 4 MB. */
  #learners: Learners | null = null;
  #lesson: Generator<void, void, void> | null = null;
  /** While off, the correction stays as it is and no lesson is taken. */
  #on = false;
  #skipped = 0;

  constructor(
    runner: LinearRunner,
    { units, bins, latents }: { units: number; bins: number; latents: number },
    options: AdaptationOptions,
  ) {
    this.#runner = runner;
    this.#bins = bins;
    this.#make = () => ({
      latents: new Rls({ features: units, outputs: latents, ...options }),
      expected: new Rls({ features: latents, outputs: units, ...options }),
    });
  }

  get on(): boolean {
    return this.#on;
  }
  /** Lessons that the correction has learned from. */
  get updates(): number {
    return this.#learners?.latents.learned ?? 0;
  }
  /** Lessons that came while another one was at work. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Off: what is at work is finished first, so that the answer is the last word. */
  switch(on: boolean): void {
    if (!on) while (this.work());
    else this.#learners ??= this.#make();
    this.#on = on;
  }

  /** Back to the bundle's decoder. */
  reset(): void {
    this.#lesson = null;
    this.#learners?.latents.reset();
    this.#learners?.expected.reset();
    this.#skipped = 0;
  }

  /** mu' in place of mu [D]. */
  latents(mu: Float32Array, values: Float32Array): void {
    if (this.updates > 0) this.#learners!.latents.addTo(mu, meanOverBins(values, this.#bins));
  }

  expected(expected: Float32Array, mu: Float32Array): void {
    if (this.updates > 0) this.#learners!.expected.addTo(expected, mu);
  }

  /** The window `values` showed a picture of latents `target` [D]. False: not taken, since it is off or another lesson is at work. */
  teach(values: Float32Array, target: Float32Array): boolean {
    if (!this.#on || this.#learners === null) return false;
    if (this.#lesson !== null) {
      this.#skipped++;
      return false;
    }
    this.#lesson = this.#learn(this.#learners, values, target);
    return true;
  }

  /** A slice of the lesson's work, some tenths of a millisecond; false when there is none left. */
  work(): boolean {
    if (this.#lesson === null) return false;
    if (this.#lesson.next().done === true) this.#lesson = null;
    return this.#lesson !== null;
  }

  /** Both corrections change in the last slice, and with them `updates`: a frame is of before or of after. */
  *#learn(learners: Learners, values: Float32Array, target: Float32Array): Generator<void, void, void> {
    const mean = meanOverBins(values, this.#bins);
    const mu = this.#runner.latents(values);
    const told = mu.slice();
    this.latents(told, values);
    const explained = this.#runner.expected(told);
    yield* learners.latents.learn(mean, difference(target, mu));
    for (const _ of learners.expected.learn(told, difference(mean, explained)));
  }
}

interface Learners {
  readonly latents: Rls;
  readonly expected: Rls;
}

function difference(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, i) => value - b[i]!);
}
