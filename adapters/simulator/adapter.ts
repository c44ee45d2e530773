import { asyncScheduler, Observable, type SchedulerLike, type Subscription } from "rxjs";
import type { SourceMessage } from "../../src/signal/types.ts";
import { type AdapterContext, defineAdapter } from "../define.ts";
import { type SimulatorOptions, simulatorOptions } from "./options.ts";
import { simulatePopulation } from "./population.ts";

/** A rig inside the process: seeded spikes and `stimulus <id>` events, for tests and for a first look without hardware. */
export const simulator = defineAdapter<SimulatorOptions>({
  kind: "simulator",
  options: simulatorOptions,
  followsWall: ({ realtime }) => realtime,
  open: (options, context) => openSimulator(options, context),
});

/** The same with the time of a scheduler of your own, such as RxJS's virtual one. Every subscription starts from 0 s. */
export function openSimulator(
  options: SimulatorOptions,
  context: AdapterContext,
  scheduler: SchedulerLike = asyncScheduler,
): Observable<SourceMessage> {
  return new Observable((subscriber) => {
    const { source, counters, now } = context;
    const next = simulatePopulation(options, context.unitLabels.length);
    const startMs = scheduler.now();
    let seq = 0;

    const emitBlock = () => {
      const { times, units, events } = next();
      const receivedAtMs = now();
      counters.messages++;
      counters.spikes += times.length;
      counters.events += events.length;
      subscriber.next({ kind: "spikes", source, seq: seq++, times, units, receivedAtMs });
      for (const event of events) subscriber.next({ kind: "event", source, event: "text", receivedAtMs, ...event });
      subscriber.next({ kind: "clock", source, time: (seq * options.blockMs) / 1_000, receivedAtMs });
    };
    const dueInMs = () => (options.realtime ? startMs + (seq + 1) * options.blockMs - scheduler.now() : 0);
    subscriber.next({
      kind: "connection",
      source,
      state: "connecting",
      detail: "in this process",
      receivedAtMs: now(),
    });
    subscriber.next({ kind: "connection", source, state: "connected", detail: "in this process", receivedAtMs: now() });
    // Due times count from the start, not from the last block: a late block does not delay the ones after it.
    let pending: Subscription;
    const schedule = () => {
      pending = scheduler.schedule(turn, Math.max(0, dueInMs()));
    };
    const turn = () => {
      do emitBlock();
      while (options.realtime && dueInMs() <= 0 && !subscriber.closed);
      if (!subscriber.closed) schedule();
    };
    schedule();
    return () => pending.unsubscribe();
  });
}
