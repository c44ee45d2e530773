/** A number of steps is taken (again) when it has fitted for a second, at least so many frames. */
const WAIT_MS = 1000;
const LEAST_FRAMES = 8;
/** Each time that it had to be given up it must fit twice as long, at most so many times the first. */
const LONGEST = 32;
/** After serving for so many times the first wait, former trouble is forgotten. */
const STEADY = 8;

/** One number of steps on the ladder: for how many frames it has fitted, and how many it must fit before it is taken. */
export class Rung {
  readonly steps: number;
  readonly #firstWait: number;
  #wait: number;
  #fitted = 0;
  #served = 0;

  /** `cadenceMs`: time from one frame to the next. */
  constructor(steps: number, cadenceMs: number) {
    this.steps = steps;
    this.#firstWait = Math.max(LEAST_FRAMES, Math.ceil(WAIT_MS / cadenceMs));
    this.#wait = this.#firstWait;
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
    if (++this.#served >= STEADY * this.#firstWait) this.#wait = this.#firstWait;
  }

  /** Fewer steps are used from now on; `loaded` when the machine was too slow for this many. */
  giveUp(loaded: boolean): void {
    this.#fitted = 0;
    this.#served = 0;
    if (loaded) this.#wait = Math.min(2 * this.#wait, LONGEST * this.#firstWait);
  }
}
