import type { SourceCounters } from "../../src/signal/types.ts";
import type { AdapterContext } from "../define.ts";

/** Counts a message that cannot be read; the first one is worth a warning, the others would fill the log. */
export function malformedCounter(counters: SourceCounters, log: AdapterContext["log"]): (reason: string) => void {
  let complained = false;
  return (reason) => {
    counters.malformed++;
    log(complained ? "debug" : "warn", "malformed message skipped", { reason });
    complained = true;
  };
}
