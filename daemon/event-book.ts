import type { EventBody, FrameBody } from "../src/protocol/messages.ts";

/** More events than fall between the close of a bin and the decoding of its window. */
const REMEMBERED = 256;

interface Known {
  readonly event: NonNullable<FrameBody["event"]>;
  readonly knownMs: number;
}

/** Numbers the events of a session, and tells which of them a frame comes after. The daemon's own are numbered, but no frame's lineage: they would displace the experiment's. */
export class EventBook {
  readonly #known: Known[] = [];
  readonly #onEvent: (event: EventBody) => void;
  #next = 0;

  /** `onEvent` is told of every event, once it has its number. */
  constructor(onEvent: (event: EventBody) => void = () => {}) {
    this.#onEvent = onEvent;
  }

  /** Gives the event its number; it is known from `knownMs` on. */
  enter(body: Omit<EventBody, "n">, knownMs: number): EventBody {
    const event = { ...body, n: this.#next++ };
    this.#onEvent(event);
    const { n, source, text, atMs } = event;
    if (source === "daemon") return event;
    this.#known.push({ event: { n, text, atMs }, knownMs });
    if (this.#known.length > REMEMBERED) this.#known.shift();
    return event;
  }

  /** The event with the latest time up to `closedMs` among those that were known then, of several at one time the last. */
  before(closedMs: number): FrameBody["event"] {
    let newest: FrameBody["event"] = null;
    for (const { event, knownMs } of this.#known) {
      if (knownMs > closedMs || event.atMs > closedMs) continue;
      if (newest === null || event.atMs >= newest.atMs) newest = event;
    }
    return newest;
  }
}
