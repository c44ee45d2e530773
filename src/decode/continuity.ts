/** Tells when what a decoder remembers is of another time: the source's clock began again, or the source was lost in between. */
export class Continuity {
  #epoch: number | null = null;
  #losses = 0;

  /** Whether the window at hand begins anew; `losses` is how often the source was lost so far. Asked once for each window. */
  isBroken(epoch: number, losses: number): boolean {
    const isBroken = this.#epoch !== null && (epoch !== this.#epoch || losses !== this.#losses);
    this.#epoch = epoch;
    this.#losses = losses;
    return isBroken;
  }
}
