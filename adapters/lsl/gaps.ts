/** Samples for which a delay has to last before it is a loss. */
const PERSISTENT = 10;
/** How fast the expected time follows the source's real rate, per sample. */
const FOLLOW = 0.02;

/**
 * Finds lost samples of a regular stream by their stamps. A stamp that is late once is jitter; when all of ten samples are late by
 * whole intervals, that many were lost. Until then nothing is said: a false alarm is a defect, too.
 */
export class GapWatch {
  readonly #intervalS: number;
  #expectedS = Number.NaN;
  #late = 0;
  #least = Number.POSITIVE_INFINITY;

  constructor(intervalS: number) {
    this.#intervalS = intervalS;
  }

  /** The next stamp, s. Returns how many samples are now known to be missing before it or the few before it. */
  see(stampS: number): number {
    const lag = Number.isNaN(this.#expectedS) ? 0 : (stampS - this.#expectedS) / this.#intervalS;
    this.#expectedS = Number.isNaN(this.#expectedS) ? stampS : this.#expectedS;
    this.#expectedS += this.#intervalS;
    if (lag < 0.75) {
      this.#late = 0;
      this.#least = Number.POSITIVE_INFINITY;
      this.#expectedS += FOLLOW * Math.max(-1, lag) * this.#intervalS;
      return 0;
    }
    this.#least = Math.min(this.#least, lag);
    if (++this.#late < PERSISTENT) return 0;
    const missing = Math.round(this.#least);
    this.#expectedS += missing * this.#intervalS;
    this.#late = 0;
    this.#least = Number.POSITIVE_INFINITY;
    return missing;
  }

  /** The stream starts anew, or we threw samples away ourselves. */
  reset(): void {
    this.#expectedS = Number.NaN;
    this.#late = 0;
    this.#least = Number.POSITIVE_INFINITY;
  }
}
