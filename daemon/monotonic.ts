import { asyncScheduler } from "rxjs";

/** The machine's monotonic clock, ms. All processes of one machine read the same clock, so stamps of the decoder process compare with the daemon's. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

/** RxJS timers on the daemon's clock, so that bins and messages are timed alike. */
export function schedulerOn(now: () => number) {
  const scheduler = Object.create(asyncScheduler) as typeof asyncScheduler;
  scheduler.now = now;
  return scheduler;
}
