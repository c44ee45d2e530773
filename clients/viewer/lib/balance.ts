import type { LedgerCounts } from "../../../src/protocol/messages.ts";

/** Bins that the ledger cannot account for: 0 when both identities of docs/protocol.md hold. */
export function balance(ledger: LedgerCounts): number {
  const { closed, inFlight, bins, frames, superseded, expired, failed, gated } = ledger;
  const ended = frames + superseded + expired + failed + gated;
  return Math.abs(bins - ended) + Math.abs(closed - bins - inFlight);
}
