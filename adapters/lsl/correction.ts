/** A measurement that differs from the last by more than this is another clock, if the next ones agree with it, s. */
const STEP_S = 0.05;
const PERSISTENT = 3;
/** How much clocks may drift apart between measurements, s/s. */
const DRIFT = 50e-6;
/** Largest change of the correction per second of the peer's time: corrected time always goes forward when the peer's does. */
const SLEW = 5e-3;

/**
 * Maps a peer's stamps to LSL's clock on this machine: stamp + offset, the offset slewed towards what was measured last. A jump of the
 * offset is believed when it persists.
 */
export class Correction {
  #offsetS = Number.NaN;
  #targetS = Number.NaN;
  #uncertaintyS = Number.NaN;
  #measuredAtS = Number.NaN;
  #newestStampS = Number.NEGATIVE_INFINITY;
  #strangeS = Number.NaN;
  #strange = 0;

  /** False before the first measurement: stamps pass as they are. */
  get known(): boolean {
    return !Number.isNaN(this.#offsetS);
  }

  /** A round trip at `localS` gave `offsetS`, right within `uncertaintyS` (NaN: nobody knows). True when the peer has another clock now. */
  measure(offsetS: number, uncertaintyS: number, localS: number): boolean {
    if (!this.known) return this.#start(offsetS, uncertaintyS, localS);
    const slack = STEP_S + (Number.isNaN(uncertaintyS) ? 0 : uncertaintyS);
    if (Math.abs(offsetS - this.#targetS) > slack) {
      this.#strange = Math.abs(offsetS - this.#strangeS) <= slack ? this.#strange + 1 : 1;
      this.#strangeS = offsetS;
      if (this.#strange < PERSISTENT) return false;
      this.#newestStampS = Number.NEGATIVE_INFINITY;
      this.#start(offsetS, uncertaintyS, localS);
      return true;
    }
    this.#strange = 0;
    this.#targetS = offsetS;
    this.#uncertaintyS = uncertaintyS;
    this.#measuredAtS = localS;
    return false;
  }

  /** A stamp of the peer, s, on this machine's LSL clock. */
  apply(stampS: number): number {
    if (!this.known) return stampS;
    if (stampS > this.#newestStampS) {
      const limit = SLEW * (stampS - this.#newestStampS);
      this.#offsetS += Math.max(-limit, Math.min(limit, this.#targetS - this.#offsetS));
      this.#newestStampS = stampS;
    }
    return stampS + this.#offsetS;
  }

  /** How wrong a corrected stamp may be at `localS`, s: the measurement's own bound, what is left to slew, and drift since. */
  uncertaintyS(localS: number): number {
    const age = Math.max(0, localS - this.#measuredAtS);
    return this.#uncertaintyS + Math.abs(this.#targetS - this.#offsetS) + age * DRIFT;
  }

  #start(offsetS: number, uncertaintyS: number, localS: number): boolean {
    this.#offsetS = offsetS;
    this.#targetS = offsetS;
    this.#uncertaintyS = uncertaintyS;
    this.#measuredAtS = localS;
    this.#strange = 0;
    return false;
  }
}
