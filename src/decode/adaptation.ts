import { meanOverBins } from "./evidence.ts";
import type { LinearRunner } from "./linear.ts";
import { Rls } from "./rls.ts";

export interface AdaptationOptions {
  /** What a window still counts after the next one (src/decode/rls.ts). */
  readonly forgetting: number;
  /** How many windows' worth of doubt there is against any change of the bundle's decoder. */
  readonly penalty: number;
}

/** As shipped (config.yaml, `adapt`). */
export const ADAPTATION: AdaptationOptions = { forgetting: 0.9995, penalty: 100 };

/**
 * What a linear decoder learns while it runs: mu' = mu + B m + c, m the window's mean normalised counts [units], B and c from 0 by recursive
 * least squares towards the latents of pictures that are known to have been shown. Pure: the owner says when to work.
 *
 * One lesson at a time: those that come meanwhile are left out and counted, so that nothing queues up.
 */
export class LinearAdaptation {
  readonly #runner: LinearRunner;
  readonly #bins: number;
  readonly #make: () => Rls;
  /** Made when it is first switched on: a thousand units need 4 MB. */
  #rls: Rls | null = null;
  #lesson: Generator<void, void, void> | null = null;
  /** While off, the correction stays as it is and no lesson is taken. */
  #on = false;
  #skipped = 0;

  constructor(
    runner: LinearRunner,
    shape: { units: number; bins: number; latents: number },
    options: AdaptationOptions,
  ) {
    this.#runner = runner;
    this.#bins = shape.bins;
    this.#make = () => new Rls({ features: shape.units, outputs: shape.latents, ...options });
  }

  get on(): boolean {
    return this.#on;
  }
  /** Lessons that the correction has learned from. */
  get updates(): number {
    return this.#rls?.learned ?? 0;
  }
  /** Lessons that came while another one was at work. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Off: what is at work is finished first, so that the answer is the last word. */
  switch(on: boolean): void {
    if (!on) while (this.work());
    else this.#rls ??= this.#make();
    this.#on = on;
  }

  /** Back to the bundle's decoder. */
  reset(): void {
    this.#lesson = null;
    this.#rls?.reset();
    this.#skipped = 0;
  }

  /** mu' in place of mu [D]. */
  readonly correct = (mu: Float32Array, values: Float32Array): void => {
    if (this.#rls !== null && this.#rls.learned > 0) this.#rls.addTo(mu, meanOverBins(values, this.#bins));
  };

  /** The window `values` showed a picture of latents `target` [D]. False: not taken, since it is off or another lesson is at work. */
  teach(values: Float32Array, target: Float32Array): boolean {
    if (!this.#on || this.#rls === null) return false;
    if (this.#lesson !== null) {
      this.#skipped++;
      return false;
    }
    const mu = this.#runner.latents(values);
    this.#lesson = this.#rls.learn(
      meanOverBins(values, this.#bins),
      target.map((value, d) => value - mu[d]!),
    );
    return true;
  }

  /** A slice of the lesson's work, some tenths of a millisecond; false when there is none left. */
  work(): boolean {
    if (this.#lesson === null) return false;
    if (this.#lesson.next().done === true) this.#lesson = null;
    return this.#lesson !== null;
  }
}
