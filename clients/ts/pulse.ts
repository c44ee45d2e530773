import { type Reading, ServerClock } from "./clock.ts";

/** Quick pings at the start of a connection, so that the clock is known at once. */
const FIRST = 5;
const MISSED = 3;

export interface PulseParts {
  readonly everyMs: number;
  readonly now: () => number;
  readonly ping: (id: number) => void;
  /** The last pings were not answered. */
  readonly onSilence: () => void;
}

/** Pings while a connection lasts: measures the daemon's clock, and notices when nothing comes back. */
export class Pulse {
  readonly #parts: PulseParts;
  readonly #clock = new ServerClock();
  readonly #sent = new Map<number, number>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #id = 0;
  #quick = 0;

  constructor(parts: PulseParts) {
    this.#parts = parts;
  }

  get reading(): Reading | null {
    return this.#clock.best;
  }

  /** A connection has begun with the daemon's time in `hello`. */
  start(serverMs: number): void {
    const { now, everyMs } = this.#parts;
    this.stop();
    this.#clock.restart(now(), serverMs);
    this.#quick = FIRST;
    this.#timer = setInterval(() => this.#beat(), everyMs);
    this.#ping();
  }

  /** The daemon answered ping `id`. */
  pong(id: number, serverMs: number): void {
    const sentMs = this.#sent.get(id);
    if (sentMs === undefined) return;
    this.#sent.clear();
    this.#clock.add(sentMs, this.#parts.now(), serverMs);
    if (--this.#quick > 0) this.#ping();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#sent.clear();
  }

  #beat(): void {
    if (this.#sent.size >= MISSED) this.#parts.onSilence();
    else this.#ping();
  }

  #ping(): void {
    this.#sent.set(++this.#id, this.#parts.now());
    this.#parts.ping(this.#id);
  }
}
