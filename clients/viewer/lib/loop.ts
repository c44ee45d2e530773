/** Called once an animation frame with the page's clock, ms. */
export type Painter = (nowMs: number) => void;

/** One requestAnimationFrame for the whole page. `frozen` stops the painters that agreed to it, not the loop. */
export class Loop {
  readonly #painters = new Map<Painter, { freezable: boolean }>();
  frozen = false;

  add(painter: Painter, options: { freezable: boolean } = { freezable: false }): () => void {
    this.#painters.set(painter, options);
    return () => this.#painters.delete(painter);
  }

  start(): void {
    const turn = (nowMs: number) => {
      requestAnimationFrame(turn);
      for (const [paint, { freezable }] of this.#painters) if (!(freezable && this.frozen)) paint(nowMs);
    };
    requestAnimationFrame(turn);
  }
}
