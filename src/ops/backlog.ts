import {
  asyncScheduler,
  concat,
  defer,
  filter,
  map,
  type Observable,
  of,
  type SchedulerLike,
  switchMap,
  timer,
} from "rxjs";
import type { Backlog, BacklogChange } from "../signal/backlog.ts";
import type { ClockMap } from "../signal/clock.ts";
import type { SourceMessage } from "../signal/types.ts";

/** When nothing came for so long, nothing waits, ms. */
const EMPTY_AFTER_MS = 250;

/**
 * Messages of one source -> the changes of its backlog. `clock` is read before the pipeline has shown it the message. As in `liveness`, silence
 * is believed one turn later: when our own loop was late, messages may wait unread.
 */
export function backlog(state: Backlog, clock: () => ClockMap, scheduler: SchedulerLike = asyncScheduler) {
  const clear = () => state.observe(0, scheduler.now());
  const empty$ = timer(EMPTY_AFTER_MS, scheduler).pipe(switchMap(() => timer(1, scheduler).pipe(map(clear))));
  return (source$: Observable<SourceMessage>): Observable<BacklogChange> =>
    source$.pipe(
      map((message) => ({ message, newestS: newest(message) })),
      filter(({ message, newestS }) => newestS !== null || goesAway(message)),
      switchMap(({ message: { receivedAtMs }, newestS }) => {
        if (newestS === null) return of(clear());
        const observe = () => of(state.observe(receivedAtMs - clock().toLocalMs(newestS), receivedAtMs));
        return concat(defer(observe), empty$);
      }),
      filter((change) => change !== null),
    );
}

/** When the newest data of a message are from, s on the source's clock; null when it has none. */
function newest(message: SourceMessage): number | null {
  if (message.kind === "clock") return message.time;
  if ((message.kind !== "spikes" && message.kind !== "counts") || message.times.length === 0) return null;
  return message.times.reduce((a, b) => Math.max(a, b));
}

function goesAway(message: SourceMessage): boolean {
  return message.kind === "restart" || (message.kind === "connection" && message.state === "disconnected");
}
