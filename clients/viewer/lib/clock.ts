const KEPT = 12;

interface Sample {
  rttMs: number;
  offsetMs: number;
}

/** Maps the page's clock to the daemon's: of the newest pings, the one with the shortest round trip is believed. */
export class ServerClock {
  #samples: Sample[] = [];
  #best: Sample | null = null;

  /** A one-way reading, as in `hello`: believed until a ping has come back. */
  seed(receivedAtMs: number, serverMs: number): void {
    this.#samples = [];
    this.#best = { rttMs: Number.POSITIVE_INFINITY, offsetMs: serverMs - receivedAtMs };
  }

  add(sentAtMs: number, receivedAtMs: number, serverMs: number): void {
    const rttMs = receivedAtMs - sentAtMs;
    if (!(rttMs >= 0)) return;
    this.#samples.push({ rttMs, offsetMs: serverMs - (sentAtMs + rttMs / 2) });
    if (this.#samples.length > KEPT) this.#samples.shift();
    this.#best = this.#samples.reduce((best, sample) => (sample.rttMs < best.rttMs ? sample : best));
  }

  get rttMs(): number | null {
    return this.#best && Number.isFinite(this.#best.rttMs) ? this.#best.rttMs : null;
  }

  /** Daemon time of a page time, or null before the first reading. */
  toServer(pageMs: number): number | null {
    return this.#best && pageMs + this.#best.offsetMs;
  }
}
