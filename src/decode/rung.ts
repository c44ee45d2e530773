/** A number of steps is taken (again) when it has fitted for a second, at least so many frames. */
const WAIT_MS = 1000;
const LEAST_FRAMES = 8;
/** Each time that it had to be given up it must fit twice as long, at most so many times the first. */
const LONGEST = 32;
/** After serving for so many times the first wait, former trouble is forgotten: sooner when it was only estimated, later when a frame was missed. */
const STEADY = { estimated: 8, overran: 16 };
export type Trouble = keyof typeof STEADY;

/** One number of steps on the ladder: for how many frames it has fitted, and how many it must fit before it is taken. */
export class Rung {
  readonly steps: number;
  readonly #firstWait: number;
  #wait: number;
  #fitted = 0;
  #served = 0;
  #steady: number;

  /** `cadenceMs`: time from one frame to the next. */
  constructor(steps: number, cadenceMs: number) {
    this.steps = steps;
    this.#firstWait = Math.max(LEAST_FRAMES, Math.ceil(WAIT_MS / cadenceMs));
    this.#wait = this.#firstWait;
    this.#steady = STEADY.estimated * this.#firstWait;
  }

  /** Whether it fitted with its margin when it was last looked at. */
  get fitting(): boolean {
    return this.#fitted > 0;
  }

  /** Whether it has fitted for long enough. */
  get ready(): boolean {
    return this.#fitted >= this.#wait;
  }

  /** A choice is made: does it fit, with the margin? */
  look(fits: boolean): void {
    this.#fitted = fits ? this.#fitted + 1 : 0;
  }

  /** It was used, or more steps were. */
  serve(): void {
    if (++this.#served < this.#steady) return;
    this.#wait = this.#firstWait;
    this.#steady = STEADY.estimated * this.#firstWait;
  }

  /** Fewer steps are used from now on; null when the machine was not too slow for this many. */
  giveUp(trouble: Trouble | null): void {
    this.#fitted = 0;
    this.#served = 0;
    if (trouble === null) return;
    this.#wait = Math.min(2 * this.#wait, LONGEST * this.#firstWait);
    this.#steady = Math.max(this.#steady, STEADY[trouble] * this.#firstWait);
  }
}
