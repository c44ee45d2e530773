import { Observable } from "rxjs";

/**
 * A mailbox of depth 1 before slow asynchronous work: while `work` runs, only the newest value waits; the one it replaces goes
 * to `onSuperseded`. Feedback is never stale by queueing. On completion the waiting value is still worked on; on unsubscribe it is superseded.
 */
export function latest<T, R>(work: (value: T) => Promise<R>, onSuperseded: (value: T) => void) {
  return (source$: Observable<T>): Observable<R> =>
    new Observable<R>((subscriber) => {
      let waiting: { value: T } | null = null;
      let busy = false;
      let completed = false;
      const run = (value: T) => {
        busy = true;
        work(value).then(
          (result) => {
            subscriber.next(result);
            next();
          },
          (error: unknown) => subscriber.error(error),
        );
      };
      const next = () => {
        busy = false;
        const mail = waiting;
        waiting = null;
        if (mail !== null) run(mail.value);
        else if (completed) subscriber.complete();
      };
      const upstream = source$.subscribe({
        next: (value) => {
          if (!busy) return run(value);
          if (waiting !== null) onSuperseded(waiting.value);
          waiting = { value };
        },
        error: (error) => subscriber.error(error),
        complete: () => {
          completed = true;
          if (!busy) subscriber.complete();
        },
      });
      return () => {
        upstream.unsubscribe();
        if (waiting !== null) onSuperseded(waiting.value);
        waiting = null;
      };
    });
}
