import type { FrameBudget } from "../src/decode/frame-budget.ts";
import type { Ledger } from "../src/ledger.ts";
import type { FrameBody } from "../src/protocol/messages.ts";
import type { Window } from "../src/signal/types.ts";
import type { Drafted } from "./decode-stage.ts";
import type { LatencyRecorder } from "./latency.ts";

export interface FrameParts {
  readonly ledger: Ledger;
  readonly latency: LatencyRecorder;
  readonly budget: FrameBudget;
  readonly lateFrames: "drop" | "show-late";
  readonly noTime: "hold" | "expire";
  readonly now: () => number;
  /** Writes to all viewers, to none of them after `expiresAtMs`; returns the time of the last write. */
  readonly write: (frame: FrameBody, expiresAtMs: number) => number;
}

const REMEMBERED = 256;

/**
 * Gives drafts their number, writes them unless they come too late, and keeps the books: ledger, latencies, and when the viewer showed
 * them. Whether a frame is late is decided once, by its stamp `written`; what waits for a viewer after that is the delivery's business.
 */
export class FrameWriter {
  readonly #parts: FrameParts;
  /** Close of the bin of the last frames by seq: the origin of glass latency. */
  readonly #closedMs = new Map<number, number>();
  #last: FrameBody | null = null;
  #seq = 0;

  constructor(parts: FrameParts) {
    this.#parts = parts;
  }

  /** The picture of a bin, which is settled here. Returns the frame that was written, or null when it came too late for that. */
  write({ window, draft }: Pick<Drafted, "window" | "draft">): FrameBody | null {
    const { ledger, budget, lateFrames } = this.#parts;
    const writtenMs = this.#parts.now();
    const late = writtenMs > draft.deadlineMs;
    if (late && lateFrames === "drop") {
      ledger.settle(window.last.index, "expired", "discarded");
      return null;
    }
    const state = late && draft.state === "ok" ? "late" : draft.state;
    const frame = { ...draft, seq: this.#seq++, state, stamps: { ...draft.stamps, written: writtenMs } };
    const doneMs = this.#send(frame);
    ledger.settle(window.last.index, "frames", late ? "late" : undefined);
    this.#last = frame;
    budget.wrote(doneMs - frame.stamps.received);
    this.#record(frame, doneMs);
    return frame;
  }

  /** There is no time for a picture of this bin, which is settled here: the last one again, if it is to be held and is not too late either. */
  expire({ last }: Window, { estimateMs, leftMs, why }: FrameBody["decision"]): void {
    const { ledger, budget, noTime, now } = this.#parts;
    const { index: bin, closedAtMs } = last;
    const { totalMs } = budget.options;
    const held = this.#last;
    const writtenMs = now();
    const deadlineMs = closedAtMs + totalMs;
    if (noTime === "expire" || held === null || writtenMs > deadlineMs) {
      ledger.settle(bin, "expired");
      return;
    }
    this.#send({
      ...held,
      ...{ seq: this.#seq++, state: held.state === "no-reconstruction" ? held.state : "held" },
      decision: { estimateMs, leftMs, why },
      held: { seq: held.seq, bin, ageMs: writtenMs - held.stamps.closed },
      stamps: { ...held.stamps, written: writtenMs },
      ...{ deadlineMs, budgetMs: totalMs },
    });
    ledger.settle(bin, "expired", "held");
  }

  /** What comes next is of another bundle: no picture of the one before may be held in its place. */
  forget(): void {
    this.#last = null;
  }

  /** A viewer had frame `seq` on its screen at `atMs`, daemon time. Frames too old to know are ignored. */
  shown(seq: number, atMs: number): void {
    const closedMs = this.#closedMs.get(seq);
    if (closedMs !== undefined) this.#parts.latency.record("glass", atMs - closedMs);
  }

  #send(frame: FrameBody): number {
    const { lateFrames, write } = this.#parts;
    return write(frame, lateFrames === "drop" ? frame.deadlineMs : Number.POSITIVE_INFINITY);
  }

  #record(frame: FrameBody, writtenMs: number): void {
    const { latency } = this.#parts;
    const { closed, dispatched, started, encoded, synthesised, lastSpike } = frame.stamps;
    latency.record("total", writtenMs - closed);
    latency.record("queue", dispatched - closed);
    latency.record("encode", encoded - started);
    latency.record("synthesise", synthesised - encoded);
    latency.record("overhead", writtenMs - closed - (synthesised - started));
    latency.record("age", lastSpike === null ? Number.NaN : writtenMs - lastSpike);
    this.#closedMs.set(frame.seq, closed);
    this.#closedMs.delete(frame.seq - REMEMBERED);
  }
}
