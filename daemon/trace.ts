import type { Note, Outcome } from "../src/ledger.ts";
import type { FrameBody } from "../src/protocol/messages.ts";
import type { TraceBin, TraceFrame } from "../src/protocol/trace.ts";
import type { Bin } from "../src/signal/types.ts";

/** When a frame was handed on, daemon ms: encoded for the wire, and written to the sockets of the first viewers. */
export interface FrameTimes {
  readonly serialisedMs: number;
  readonly writtenMs: number;
}

type Slot = { -readonly [Key in keyof TraceBin]: TraceBin[Key] };

/**
 * What became of the last bins, and when: a ring of fixed size, so that a daemon can keep it always. A bin is opened and settled as in the ledger;
 * bins that gave no frame stay in it like all others. What is too old to be known is ignored.
 */
export class TraceRing {
  readonly capacity: number;
  readonly #now: () => number;
  readonly #slots: (Slot | undefined)[];
  /** Bin of frame `seq`, at seq modulo the capacity. */
  readonly #binOfSeq: Float64Array;
  #next = 0;

  /** `capacity` in bins; `now` is the daemon's clock, ms. */
  constructor(capacity: number, now: () => number) {
    this.capacity = capacity;
    this.#now = now;
    this.#slots = new Array<Slot | undefined>(capacity);
    this.#binOfSeq = new Float64Array(capacity).fill(Number.NaN);
  }

  opened({ index, arrivedAtMs, closedAtMs, closedBy }: Bin): void {
    const slot = { index, arrivedMs: arrivedAtMs, closedMs: closedAtMs, closedBy };
    this.#slots[index % this.capacity] = { ...slot, settledMs: null, outcome: null, note: null, frame: null };
    this.#next = index + 1;
  }

  settled(index: number, outcome: Outcome, note: Note | null = null): void {
    const slot = this.#slot(index);
    if (slot === undefined || slot.outcome !== null) return;
    slot.settledMs = this.#now();
    slot.outcome = outcome;
    slot.note = note;
  }

  /** The frame of a bin in flight was written. */
  written(frame: FrameBody, times: FrameTimes): void {
    const slot = this.#slot(frame.bins[1]);
    if (slot === undefined || slot.outcome !== null) return;
    const { seq, state, steps, decision, solver, seed, guidance, bins, stamps, deadlineMs, sourceS, clock } = frame;
    const mappedMs = 1000 * sourceS[1] + clock.offsetMs;
    const endMs = Number.isFinite(mappedMs) ? mappedMs : null;
    const lineage = { seq, state, steps, decision, solver, seed, guidance, bins };
    slot.frame = { ...lineage, endMs, stamps, deadlineMs, ...times, shownMs: null };
    this.#binOfSeq[seq % this.capacity] = slot.index;
  }

  /** A viewer had frame `seq` on its screen at `atMs`: the first one that says so counts. */
  shown(seq: number, atMs: number): void {
    const slot = this.#slot(this.#binOfSeq[seq % this.capacity]!);
    const frame: { -readonly [Key in keyof TraceFrame]: TraceFrame[Key] } | null | undefined = slot?.frame;
    if (frame?.seq === seq) frame.shownMs ??= atMs;
  }

  /** The last `count` bins, oldest first. */
  read(count = this.capacity): TraceBin[] {
    const first = Math.max(0, this.#next - Math.min(count, this.capacity));
    const slots = Array.from({ length: this.#next - first }, (_, i) => this.#slot(first + i));
    return slots.filter((slot) => slot !== undefined);
  }

  #slot(index: number): Slot | undefined {
    const slot = this.#slots[index % this.capacity];
    return slot?.index === index ? slot : undefined;
  }
}
