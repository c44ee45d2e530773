/** How far the middle of a sample may lie outside the slot that is its turn, in slots: stamps jitter, and mapped clocks are slewed. */
const SLACK = 0.25;

/**
 * Places counted samples of one clock on a grid of another: a slot is one sample long, and a whole number of slots is a bin. A sample belongs to the slot
 * that holds its middle, but the next slot after the last one is kept as long as it is nearly right, so that a middle close to an edge does not
 * give one bin two samples and the next one none, again and again. Clocks that drift apart by a slot cost one such slip.
 */
export class SampleSlots {
  #last = Number.NaN;

  /** Middle of the slot of the next sample, ms on the common clock; `middleMs` is the sample's own. */
  place(middleMs: number, slotMs: number): number {
    const next = this.#last + 1;
    const outside = Math.abs(middleMs / slotMs - (next + 0.5)) - 0.5;
    this.#last = outside <= SLACK ? next : Math.floor(middleMs / slotMs);
    return (this.#last + 0.5) * slotMs;
  }

  /** The samples that come are not those after the last one. */
  reset(): void {
    this.#last = Number.NaN;
  }
}
