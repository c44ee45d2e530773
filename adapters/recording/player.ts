import { asyncScheduler, Observable, type SchedulerLike, Subscription } from "rxjs";
import type { SourceCounters, SourceMessage } from "../../src/signal/types.ts";
import type { AdapterContext } from "../define.ts";
import type { Cue, CueMessage } from "./cues.ts";

export interface PlayOptions {
  /** Speed against the wall; 1 is real time. Not used when `request$` is given. */
  readonly speed: number;
  readonly loop: boolean;
  /** Stepwise: each emission plays one cue. */
  readonly request$?: Observable<unknown>;
  readonly scheduler?: SchedulerLike;
}

/** Cues that are overdue are played in one turn, but others must have theirs. */
const MOST_CUES_A_TURN = 256;

/**
 * Plays cues as a source's messages: at their time, at a factor, or one for each request. Due times count from the begin, so a late
 * cue does not delay the ones after it. A loop is a restart of the source's clock, and so is the end: what is gathered becomes bins.
 * Then it completes.
 */
export function play(
  cues: () => Iterable<Cue>,
  options: PlayOptions,
  context: AdapterContext,
): Observable<SourceMessage> {
  const { request$, scheduler = asyncScheduler } = options;
  return new Observable((subscriber) => {
    const tape = createTape(cues, options.loop, context, (message) => subscriber.next(message));
    const end = () => {
      tape.finish();
      subscriber.complete();
    };
    if (request$ !== undefined) return request$.subscribe(() => (tape.next() ? undefined : end()));
    const startMs = scheduler.now();
    const dueInMs = () => startMs + (tape.dueS() * 1000) / options.speed - scheduler.now();
    const running = new Subscription();
    const schedule = () => {
      if (!subscriber.closed) running.add(scheduler.schedule(turn, Math.max(0, dueInMs())));
    };
    const turn = () => {
      for (let played = 0; played < MOST_CUES_A_TURN && dueInMs() <= 0 && !subscriber.closed; played++)
        if (!tape.next()) return end();
      schedule();
    };
    schedule();
    return running;
  });
}

/** The place in the recording. */
function createTape(
  cues: () => Iterable<Cue>,
  loop: boolean,
  { source, counters, now }: AdapterContext,
  emit: (message: SourceMessage) => void,
) {
  let rest = cues()[Symbol.iterator]();
  let upcoming = rest.next();
  /** Where the current round began, s of all rounds. */
  let roundS = 0;
  let lastS = 0;
  let seq = 0;

  const say = (message: CueMessage, receivedAtMs: number) => {
    if (message.kind === "spikes" || message.kind === "counts") emit({ ...message, source, seq: seq++, receivedAtMs });
    else emit({ ...message, source, receivedAtMs });
  };
  const rewind = () => {
    roundS = lastS;
    rest = cues()[Symbol.iterator]();
    upcoming = rest.next();
    counters.restarts++;
    say({ kind: "restart" }, now());
  };
  return {
    /** When the next cue is due, s after the begin; at once at the end. */
    dueS: () => (upcoming.done ? lastS : roundS + upcoming.value.atS),
    /** Plays the next cue; false at the end. */
    next(): boolean {
      if (upcoming.done) {
        const again = loop && lastS > roundS;
        if (again) rewind();
        return again;
      }
      const { atS, messages, unknown } = upcoming.value;
      lastS = roundS + atS;
      upcoming = rest.next();
      counters.unknownUnits += unknown;
      const receivedAtMs = now();
      counters.messages++;
      for (const message of messages) {
        count(message, counters);
        say(message, receivedAtMs);
      }
      return true;
    },
    finish: () => say({ kind: "restart" }, now()),
  };
}

function count(message: CueMessage, counters: SourceCounters): void {
  if (message.kind === "spikes") counters.spikes += message.times.length;
  if (message.kind === "event") counters.events++;
  if (message.kind === "restart") counters.restarts++;
  if (message.kind !== "counts") return;
  counters.samples += message.times.length;
  for (const each of message.counts) counters.spikes += each;
}
