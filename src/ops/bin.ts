import { asyncScheduler, Observable, type SchedulerLike, type Subscription } from "rxjs";
import type { Binner } from "../signal/binner.ts";
import type { Bin, SourceMessage } from "../signal/types.ts";

/**
 * Messages of one source -> gap-free bins, in order. The binner holds the state (one per subscription of the pipeline);
 * this operator adds the wall timer that closes bins of a silent source. `scheduler.now()` must be the clock of `receivedAtMs`.
 */
export function bin(binner: Binner, scheduler: SchedulerLike = asyncScheduler) {
  return (source$: Observable<SourceMessage>): Observable<Bin> =>
    new Observable<Bin>((subscriber) => {
      let timer: Subscription | null = null;
      const arm = () => {
        timer?.unsubscribe();
        timer = null;
        const dueMs = binner.nextSilentCloseMs();
        if (dueMs === Number.POSITIVE_INFINITY) return;
        timer = scheduler.schedule(onSilence, Math.max(1, dueMs - scheduler.now()));
      };
      const onSilence = () => {
        for (const closed of binner.closeSilent(scheduler.now())) subscriber.next(closed);
        arm();
      };
      const upstream = source$.subscribe({
        next: (message) => {
          let bins: Bin[];
          try {
            bins = binner.push(message, scheduler.now());
          } catch (error) {
            return subscriber.error(error); // counts that cannot be binned
          }
          for (const closed of bins) subscriber.next(closed);
          if (bins.length > 0 || timer === null) arm();
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
