import type { SourceMessage } from "../../src/signal/types.ts";
import type { AdapterContext } from "../define.ts";
import { Correction } from "./correction.ts";
import { createDeliveries, type Deliver } from "./deliver.ts";
import type { Batch, ClockReading } from "./messages.ts";
import type { LslOptions } from "./options.ts";
import type { StreamDescription } from "./stream.ts";

/** A peer's stamps that go back by more than this are another clock, s: spikes of one block may be out of order. */
const BACK_S = 1;
/** Uncertainties and offsets that differ by less are not told again, ms, unless the last time is this long ago. */
const SAME_MS = 0.01;
const TELL_MS = 5_000;
const UNTOLD = { offsetMs: Number.NaN, uncertaintyMs: Number.NaN, atMs: Number.NEGATIVE_INFINITY };
/** How long the smallest age is remembered, and between two warnings, ms. */
const AGE_MEMORY_MS = 10_000;

/** Turns what the reading thread says into source messages and counters. No I/O: the adapter feeds it. */
export interface Intake {
  /** A connection was made, to the same outlet as before or to another one. */
  connected(stream: StreamDescription, clock: ClockReading, receivedAtMs: number): void;
  batch(batch: Batch, receivedAtMs: number): void;
  clock(clock: ClockReading, receivedAtMs: number): void;
  /** liblsl says that the peer's clock is another one. */
  reset(receivedAtMs: number): void;
}

/** `toNowMs` maps `process.hrtime` to the clock of `receivedAtMs`. */
export function createIntake(
  options: LslOptions,
  context: AdapterContext,
  toNowMs: (hrMs: number) => number,
  emit: (message: SourceMessage) => void,
): Intake {
  const { source, counters, log } = context;
  let correction = new Correction();
  let deliver: Deliver | undefined;
  let uid: string | undefined;
  let newestS = Number.NEGATIVE_INFINITY;
  /** Not told yet: how the clocks differ matters from the first sample on. */
  let newestReading: ClockReading | undefined;
  let told = UNTOLD;
  const ages = watchAge(options.maxBacklogMs, (text, fields) => log("warn", text, fields));
  const deliveries = createDeliveries(options, context, emit);

  const restart = (why: string, receivedAtMs: number) => {
    counters.restarts++;
    newestS = Number.NEGATIVE_INFINITY;
    told = { ...told, atMs: Number.NEGATIVE_INFINITY };
    deliver?.reset();
    log("info", "the source's clock started again", { why });
    emit({ kind: "restart", source, receivedAtMs });
  };
  const measure = ({ lslS, correctionS, uncertaintyS }: ClockReading, receivedAtMs: number) => {
    if (!Number.isNaN(correctionS) && correction.measure(correctionS, uncertaintyS, lslS))
      restart("its clock jumped", receivedAtMs);
  };
  const tellSync = ({ lslS, hrMs }: ClockReading, receivedAtMs: number) => {
    newestReading = undefined;
    if (!correction.known) return;
    const sync = { offsetMs: toNowMs(hrMs) - lslS * 1000, uncertaintyMs: correction.uncertaintyS(lslS) * 1000 };
    const changed = !same(sync.offsetMs, told.offsetMs) || !same(sync.uncertaintyMs, told.uncertaintyMs);
    if (!changed && receivedAtMs - told.atMs < TELL_MS) return;
    told = { ...sync, atMs: receivedAtMs };
    emit({ kind: "sync", source, ...sync, receivedAtMs });
  };
  /** Corrected stamps; a stamp far back is a restart of the peer's clock. */
  const correct = (stamps: Float64Array, receivedAtMs: number): Float64Array => {
    const firstS = stamps[0] ?? Number.NaN;
    if (firstS < newestS - BACK_S) restart(`a stamp of ${firstS} s came after ${newestS} s`, receivedAtMs);
    for (const stamp of stamps) if (stamp > newestS) newestS = stamp;
    return stamps.map((stamp) => correction.apply(stamp));
  };
  return {
    connected(stream, reading, receivedAtMs) {
      if (uid !== undefined && uid !== stream.uid) {
        correction = new Correction();
        restart("it is another outlet", receivedAtMs);
      }
      uid = stream.uid;
      deliver = deliveries(stream);
      if (Number.isNaN(reading.correctionS))
        log("warn", "no answer to LSL's clock probes (UDP): stamps stay on the peer's clock", { stream: stream.name });
      measure(reading, receivedAtMs);
      newestReading = reading;
    },
    batch(batch, receivedAtMs) {
      if (deliver === undefined) return;
      if (newestReading !== undefined) tellSync(newestReading, receivedAtMs);
      counters.messages += batch.times.length + batch.flushed;
      counters.flushed += batch.flushed;
      if (batch.flushed > 0) {
        log("warn", "backlog thrown away: newer samples were already there", { samples: batch.flushed });
        deliver.reset();
      }
      const times = correct(batch.times, receivedAtMs);
      deliver.batch(batch, times, receivedAtMs);
      if (correction.known) ages(receivedAtMs - ((times.at(-1) ?? Number.NaN) * 1000 + told.offsetMs), receivedAtMs);
    },
    clock(reading, receivedAtMs) {
      measure(reading, receivedAtMs);
      if (newestReading === undefined) tellSync(reading, receivedAtMs);
      else newestReading = reading;
    },
    reset: (receivedAtMs) => restart("liblsl saw another clock", receivedAtMs),
  };
}

function same(a: number, b: number): boolean {
  return Math.abs(a - b) < SAME_MS || (Number.isNaN(a) && Number.isNaN(b));
}

/** Data that is old although nothing waits here waits upstream, where we cannot throw it away: that is said, at most every 10 s. */
function watchAge(limitMs: number, warn: (text: string, fields: Record<string, unknown>) => void) {
  let [leastMs, sinceMs, warnedMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  return (ageMs: number, nowMs: number) => {
    if (nowMs - sinceMs > AGE_MEMORY_MS) [leastMs, sinceMs] = [Math.max(0, ageMs), nowMs];
    leastMs = Math.min(leastMs, ageMs);
    if (!(ageMs > leastMs + limitMs) || nowMs - warnedMs < AGE_MEMORY_MS) return;
    warnedMs = nowMs;
    warn("the newest sample is old already when it comes: a backlog at the peer or on the way", {
      ageMs: Math.round(ageMs),
    });
  };
}
