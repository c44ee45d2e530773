import type { LedgerCounts } from "./protocol/messages.ts";
import type { BinNote, BinOutcome } from "./protocol/trace.ts";

export type Outcome = BinOutcome;
/** What else is told of a settled bin: `late`: its frame was shown after the deadline; `discarded`: its picture came after the deadline and
 * was thrown away; `held`: the last picture was shown again in its place. */
export type Note = BinNote;

const OUTCOME_OF: Record<Note, Outcome> = { late: "frames", discarded: "expired", held: "expired" };

/**
 * Accounts for every bin: opened once when it closes, settled once with one outcome. `bins = frames + superseded + expired +
 * failed + gated` and `closed = bins + inFlight` hold at every instant; settling a bin that is not open throws, so a
 * double count cannot hide.
 */
export class Ledger {
  readonly #open = new Set<number>();
  readonly #outcomes: Record<Outcome, number> = { frames: 0, superseded: 0, expired: 0, failed: 0, gated: 0 };
  readonly #onSettled: (bin: number, outcome: Outcome, note: Note | null) => void;
  readonly #notes: Record<Note, number> = { late: 0, discarded: 0, held: 0 };
  #closed = 0;

  constructor(onSettled: (bin: number, outcome: Outcome, note: Note | null) => void = () => {}) {
    this.#onSettled = onSettled;
  }

  /** A bin was closed and is now in flight. */
  open(bin: number): void {
    if (this.#open.has(bin)) throw new Error(`bin ${bin} was opened twice`);
    this.#open.add(bin);
    this.#closed++;
  }

  /** The bin's fate is known. */
  settle(bin: number, outcome: Outcome, note?: Note): void {
    if (note !== undefined && OUTCOME_OF[note] !== outcome)
      throw new Error(`bin ${bin} is settled as ${outcome} and cannot be ${note}`);
    if (!this.#open.delete(bin)) throw new Error(`bin ${bin} is settled as ${outcome} but is not in flight`);
    this.#outcomes[outcome]++;
    if (note !== undefined) this.#notes[note]++;
    this.#onSettled(bin, outcome, note ?? null);
  }

  counts(): LedgerCounts {
    const inFlight = this.#open.size;
    return { closed: this.#closed, inFlight, bins: this.#closed - inFlight, ...this.#outcomes, ...this.#notes };
  }
}

/** Whether the identities of the ledger hold. */
export function balances(counts: LedgerCounts): boolean {
  const { closed, inFlight, bins, frames, superseded, expired, failed, gated, late, discarded, held } = counts;
  const settled = bins === frames + superseded + expired + failed + gated && closed === bins + inFlight;
  return settled && late <= frames && discarded + held <= expired;
}
