import type { Ledger } from "../src/ledger.ts";
import type { FrameBody } from "../src/protocol/messages.ts";
import type { Window } from "../src/signal/types.ts";
import type { FrameDraft } from "./decode-stage.ts";
import type { LatencyRecorder } from "./latency.ts";

export interface FrameParts {
  readonly ledger: Ledger;
  readonly latency: LatencyRecorder;
  readonly now: () => number;
  /** Writes to all viewers; returns the time of the last write. */
  readonly write: (frame: FrameBody) => number;
}

const REMEMBERED = 256;

/** Gives drafts their number, writes them, and keeps the books: ledger, latencies, and when the viewer showed them. */
export class FrameWriter {
  readonly #parts: FrameParts;
  /** Close of the bin of the last frames by seq: the origin of glass latency. */
  readonly #closedMs = new Map<number, number>();
  #seq = 0;

  constructor(parts: FrameParts) {
    this.#parts = parts;
  }

  write({ window, draft }: { window: Window; draft: FrameDraft }): void {
    const { ledger, now, write } = this.#parts;
    const late = now() > draft.deadlineMs;
    const frame: FrameBody = { ...draft, seq: this.#seq++, state: late && draft.state === "ok" ? "late" : draft.state };
    const writtenMs = write(frame);
    ledger.settle(window.last.index, "frames");
    if (writtenMs > draft.deadlineMs) ledger.missed();
    this.#record(frame, writtenMs);
  }

  /** A viewer had frame `seq` on its screen at `atMs`, daemon time. Frames too old to know are ignored. */
  shown(seq: number, atMs: number): void {
    const closedMs = this.#closedMs.get(seq);
    if (closedMs !== undefined) this.#parts.latency.record("glass", atMs - closedMs);
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
