/** Growable columns of (time, unit), reused between bins. Holds the spikes that belong to bins not closed yet. */
export class SpikeBuffer {
  #times = new Float64Array(1024);
  #units = new Uint16Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(time: number, unit: number): void {
    if (this.#length === this.#times.length) this.#grow();
    this.#times[this.#length] = time;
    this.#units[this.#length] = unit;
    this.#length++;
  }

  /** Removes the spikes before `endS` and hands each to `take`; the rest keep their order. */
  drainBefore(endS: number, take: (time: number, unit: number) => void): void {
    let kept = 0;
    for (let i = 0; i < this.#length; i++) {
      const time = this.#times[i]!;
      const unit = this.#units[i]!;
      if (time < endS) take(time, unit);
      else {
        this.#times[kept] = time;
        this.#units[kept] = unit;
        kept++;
      }
    }
    this.#length = kept;
  }

  #grow(): void {
    const times = new Float64Array(this.#times.length * 2);
    times.set(this.#times);
    const units = new Uint16Array(this.#units.length * 2);
    units.set(this.#units);
    this.#times = times;
    this.#units = units;
  }
}
