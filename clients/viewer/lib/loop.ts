/** Called once an animation frame with the page's clock, ms. `readable`: numerals may change now. */
export type Painter = (nowMs: number, readable: boolean) => void;

/** Numerals change at most this often: faster cannot be read. All of them at once, so that they are of the same frame. */
const NUMERALS_EVERY_MS = 200;

/** "frame": draws what belongs to the shown frame; "series": draws a stretch of time that ends now. Both can stand still. */
export type Freezable = boolean | "frame" | "series";
type Settling = "none" | "frame" | "all";

/** One requestAnimationFrame for the whole page. Freezing stops the painters that agreed to it, not the loop. */
export class Loop {
  readonly #painters = new Map<Painter, { freezable: Freezable }>();
  #frozen = false;
  #settling: Settling = "none";
  #numeralsAtMs = Number.NEGATIVE_INFINITY;

  add(painter: Painter, options: { freezable: Freezable } = { freezable: false }): () => void {
    this.#painters.set(painter, options);
    return () => this.#painters.delete(painter);
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  /** The last turn before standing still lets numerals catch up with what is drawn. */
  set frozen(frozen: boolean) {
    this.#frozen = frozen;
    this.#settling = frozen ? "all" : "none";
  }

  /** Stands still at a frame, or goes on. At the next one of a frozen page only what belongs to a frame is drawn again. */
  show(earlier: boolean): void {
    if (!(earlier && this.#frozen)) this.frozen = earlier;
    else if (this.#settling === "none") this.#settling = "frame";
  }

  start(): void {
    const turn = (nowMs: number) => {
      requestAnimationFrame(turn);
      this.turn(nowMs);
    };
    requestAnimationFrame(turn);
  }

  turn(nowMs: number): void {
    const settling = this.#settling;
    const readable = settling !== "none" || nowMs - this.#numeralsAtMs >= NUMERALS_EVERY_MS;
    if (readable) this.#numeralsAtMs = nowMs;
    this.#settling = "none";
    for (const [paint, { freezable }] of this.#painters) {
      const still = this.#frozen && (settling === "none" || (settling === "frame" && freezable === "series"));
      if (!(freezable && still)) paint(nowMs, readable);
    }
  }
}
