/** Called once an animation frame with the page's clock, ms. `readable`: numerals may change now. */
export type Painter = (nowMs: number, readable: boolean) => void;

/** Numerals change at most this often: faster cannot be read. All of them at once, so that they are of the same frame. */
const NUMERALS_EVERY_MS = 200;

/** One requestAnimationFrame for the whole page. Freezing stops the painters that agreed to it, not the loop. */
export class Loop {
  readonly #painters = new Map<Painter, { freezable: boolean }>();
  #frozen = false;
  #settling = false;
  #numeralsAtMs = Number.NEGATIVE_INFINITY;

  add(painter: Painter, options: { freezable: boolean } = { freezable: false }): () => void {
    this.#painters.set(painter, options);
    return () => this.#painters.delete(painter);
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  /** The last turn before standing still lets numerals catch up with what is drawn. */
  set frozen(frozen: boolean) {
    this.#frozen = frozen;
    this.#settling = frozen;
  }

  start(): void {
    const turn = (nowMs: number) => {
      requestAnimationFrame(turn);
      this.turn(nowMs);
    };
    requestAnimationFrame(turn);
  }

  turn(nowMs: number): void {
    const readable = this.#settling || nowMs - this.#numeralsAtMs >= NUMERALS_EVERY_MS;
    if (readable) this.#numeralsAtMs = nowMs;
    const still = this.#frozen && !this.#settling;
    this.#settling = false;
    for (const [paint, { freezable }] of this.#painters) if (!(freezable && still)) paint(nowMs, readable);
  }
}
