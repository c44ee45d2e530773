import {
  asyncScheduler,
  concat,
  defer,
  distinctUntilChanged,
  EMPTY,
  filter,
  map,
  type Observable,
  of,
  type SchedulerLike,
  switchMap,
  timer,
} from "rxjs";
import { SilenceLimit } from "../signal/silence.ts";
import type { SourceMessage } from "../signal/types.ts";

/** Samples come at a steady rate: two that do not come prove as much as 20 spikes that do not. */
const SAMPLE_WEIGHT = 10;

export type Liveness = "live" | "lost";

/**
 * Whether a source is alive, judged by its data: `lost` when it was silent for longer than its own rate explains, and at least
 * `shortestMs`; for `shortestMs` alone once its connection is gone. When our own event loop was late, messages may wait unread: the verdict
 * is given one turn later, and a message in that turn lifts it.
 */
export function liveness(shortestMs: number, scheduler: SchedulerLike = asyncScheduler) {
  return (source$: Observable<SourceMessage>): Observable<Liveness> =>
    defer(() => {
      const silence = new SilenceLimit(shortestMs);
      let seen = false;
      const lostAfter = (ms: number) =>
        timer(ms, scheduler).pipe(
          switchMap(() => timer(1, scheduler)),
          map((): Liveness => "lost"),
        );
      return source$.pipe(
        filter(({ kind }) => kind !== "sync"),
        switchMap((message) => {
          if (message.kind !== "connection") {
            seen = true;
            silence.observe(weight(message), message.receivedAtMs);
            return concat(of<Liveness>("live"), lostAfter(silence.limitMs));
          }
          return seen ? lostAfter(message.state === "disconnected" ? shortestMs : silence.limitMs) : EMPTY;
        }),
        distinctUntilChanged(),
      );
    });
}

function weight(message: SourceMessage): number {
  if (message.kind === "counts") return message.times.length * SAMPLE_WEIGHT;
  return message.kind === "spikes" ? message.times.length : 1;
}
