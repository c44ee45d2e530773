import { Observable } from "rxjs";
import type { Ledger } from "../src/ledger.ts";

/** Emits, again and again while it is subscribed to, whenever no bin is in flight: a stepwise replay plays one block each time. */
export function whenIdle(ledger: Ledger): Observable<void> {
  return new Observable((subscriber) => {
    let immediate: NodeJS.Immediate | undefined;
    let timer: NodeJS.Timeout | undefined;
    const look = () => {
      const idle = ledger.counts().inFlight === 0;
      if (idle) subscriber.next();
      if (subscriber.closed) return;
      if (idle) immediate = setImmediate(look);
      else timer = setTimeout(look, 1);
    };
    immediate = setImmediate(look);
    return () => {
      clearImmediate(immediate);
      clearTimeout(timer);
    };
  });
}
