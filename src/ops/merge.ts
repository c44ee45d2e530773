import { asyncScheduler, Observable, type SchedulerLike, type Subscription } from "rxjs";
import type { Merger } from "../signal/merger.ts";
import type { SourceMessage } from "../signal/types.ts";

/** Messages of several sources -> one stream on the first one's clock. The timer frees what is held for a source that fell silent. */
export function merge(merger: Merger, scheduler: SchedulerLike = asyncScheduler) {
  return (source$: Observable<SourceMessage>): Observable<SourceMessage> =>
    new Observable<SourceMessage>((subscriber) => {
      let timer: Subscription | null = null;
      const emit = (messages: readonly SourceMessage[]) => {
        for (const message of messages) subscriber.next(message);
        timer?.unsubscribe();
        const dueMs = merger.nextReleaseMs();
        timer =
          dueMs === Number.POSITIVE_INFINITY
            ? null
            : scheduler.schedule(() => emit(merger.release(scheduler.now())), Math.max(1, dueMs - scheduler.now()));
      };
      const upstream = source$.subscribe({
        next: (message) => {
          try {
            emit(merger.push(message, scheduler.now()));
          } catch (error) {
            subscriber.error(error);
          }
        },
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      });
      return () => {
        timer?.unsubscribe();
        upstream.unsubscribe();
      };
    });
}
