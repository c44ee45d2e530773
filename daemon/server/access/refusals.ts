/** Why somebody was refused. The first eleven end before there is a viewer; of the others the viewer is told, and some end it. */
export const REFUSALS = [
  /** Upgrade of another path. */
  "path",
  /** A `Host` that is not this daemon's: DNS rebinding. */
  "host",
  /** A page of another address. */
  "origin",
  "subprotocol",
  /** No token, or one that nobody has. */
  "token",
  /** As many viewers as `server.maxViewers` allows. */
  "viewers",
  /** As many of one address as `server.maxPerAddress` allows. */
  "address",
  "stopping",
  /** Asked for nothing within `server.handshakeMs`. */
  "timeout",
  /** Pushed out by newer connections: more than `server.maxWaiting` were no viewers. */
  "crowded",
  /** Not HTTP. */
  "http",
  /** A viewer sent what only operators may. */
  "forbidden",
  /** A message that does not follow the protocol. */
  "message",
  /** More messages a second than `server.messagesPerSecond`. */
  "rate",
  /** A message longer than `server.maxMessageBytes`. */
  "size",
  /** Not a WebSocket frame. */
  "frame",
  /** The token was taken away while its connection was open. */
  "revoked",
] as const;

export type Refusal = (typeof REFUSALS)[number];
/** How many, by reason. */
export type RefusedCounts = Record<Refusal, number>;

/** Of one reason since the last telling; `from` is the address or the token's name of the first. */
export interface Refused {
  readonly reason: Refusal;
  readonly count: number;
  readonly from: string;
}

/** Who refuses too much must not fill logs, nor hold up the loop by writing them: so often is one reason told of, ms. */
const TELL_EVERY_MS = 1000;

/** Counts refusals of one server; tells of the first at once, and of those within a second after it as a number. */
export class Refusals {
  readonly counts: RefusedCounts;
  readonly #tell: (refused: Refused) => void;
  readonly #untold = new Map<Refusal, { count: number; from: string }>();
  #timer: NodeJS.Timeout | null = null;

  constructor(tell: (refused: Refused) => void) {
    this.#tell = tell;
    this.counts = Object.fromEntries(REFUSALS.map((reason) => [reason, 0])) as RefusedCounts;
  }

  add(reason: Refusal, from: string): void {
    this.counts[reason] += 1;
    const untold = this.#untold.get(reason);
    if (untold === undefined) {
      this.#untold.set(reason, { count: 0, from });
      this.#tell({ reason, count: 1, from });
    } else if (untold.count++ === 0) untold.from = from;
    this.#timer ??= setTimeout(() => this.#flush(), TELL_EVERY_MS).unref();
  }

  /** Tells of what is left. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#flush();
  }

  #flush(): void {
    this.#timer = null;
    const untold = [...this.#untold];
    this.#untold.clear();
    for (const [reason, { count, from }] of untold) {
      if (count === 0) continue;
      this.#tell({ reason, count, from });
      // Told of just now: what comes within the next second waits again.
      this.#untold.set(reason, { count: 0, from });
      this.#timer ??= setTimeout(() => this.#flush(), TELL_EVERY_MS).unref();
    }
  }
}
