const KEPT = 12;

/** How the daemon's clock lies to ours: server ms = local ms + `offsetMs`, within half of `rttMs`. */
export interface Reading {
  readonly offsetMs: number;
  readonly rttMs: number;
}

/** Of the newest pings, the one with the shortest round trip is believed: queues only ever make it longer. */
export class ServerClock {
  #samples: Reading[] = [];
  #best: Reading | null = null;

  /** Null before the first reading. */
  get best(): Reading | null {
    return this.#best;
  }

  /** A new connection, perhaps to another daemon. The one-way reading of `hello` is believed until a ping has come back. */
  restart(receivedMs: number, serverMs: number): void {
    this.#samples = [];
    this.#best = { offsetMs: serverMs - receivedMs, rttMs: Number.POSITIVE_INFINITY };
  }

  /** A ping that left at `sentMs` and came back at `receivedMs`; the daemon read `serverMs` in between. */
  add(sentMs: number, receivedMs: number, serverMs: number): void {
    const rttMs = receivedMs - sentMs;
    this.#samples.push({ offsetMs: serverMs - (sentMs + rttMs / 2), rttMs });
    if (this.#samples.length > KEPT) this.#samples.shift();
    this.#best = this.#samples.reduce((best, sample) => (sample.rttMs < best.rttMs ? sample : best));
  }
}
