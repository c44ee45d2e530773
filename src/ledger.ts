import type { LedgerCounts } from "./protocol/messages.ts";
import type { BinOutcome } from "./protocol/trace.ts";

export type Outcome = BinOutcome;

/**
 * Accounts for every bin: opened once when it closes, settled once with one outcome. `bins = frames + superseded + expired +
 * failed + gated` and `closed = bins + inFlight` hold at every instant; settling a bin that is not open throws, so a
 * double count cannot hide.
 */
export class Ledger {
  readonly #open = new Set<number>();
  readonly #outcomes: Record<Outcome, number> = { frames: 0, superseded: 0, expired: 0, failed: 0, gated: 0 };
  readonly #onSettled: (bin: number, outcome: Outcome) => void;
  #closed = 0;
  #late = 0;

  constructor(onSettled: (bin: number, outcome: Outcome) => void = () => {}) {
    this.#onSettled = onSettled;
  }

  /** A bin was closed and is now in flight. */
  open(bin: number): void {
    if (this.#open.has(bin)) throw new Error(`bin ${bin} was opened twice`);
    this.#open.add(bin);
    this.#closed++;
  }

  /** The bin's fate is known. */
  settle(bin: number, outcome: Outcome): void {
    if (!this.#open.delete(bin)) throw new Error(`bin ${bin} is settled as ${outcome} but is not in flight`);
    this.#outcomes[outcome]++;
    this.#onSettled(bin, outcome);
  }

  /** A frame (settled as `frames`) missed its deadline. */
  missed(): void {
    this.#late++;
  }

  counts(): LedgerCounts {
    const inFlight = this.#open.size;
    return { closed: this.#closed, inFlight, bins: this.#closed - inFlight, ...this.#outcomes, late: this.#late };
  }
}

/** Whether the identities of the ledger hold. */
export function balances(counts: LedgerCounts): boolean {
  const { closed, inFlight, bins, frames, superseded, expired, failed, gated } = counts;
  return bins === frames + superseded + expired + failed + gated && closed === bins + inFlight;
}
