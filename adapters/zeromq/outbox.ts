import type { SourceEvent, SourceMessage } from "../../src/signal/types.ts";
import type { AdapterContext } from "../define.ts";
import { createSpikeBatch } from "../spike-batch.ts";

/** Gathers what one turn of the event loop brought, and gives it on as few messages. */
export interface Outbox {
  /** Time in s, index in the bundle's unit list. */
  spike(time: number, unit: number): void;
  event(event: Pick<SourceEvent, "event" | "text" | "time">): void;
  /** The source's clock has reached `time`, s. */
  clock(time: number): void;
  /** Gives on what is gathered, then says that the source started again. */
  restart(): void;
  /** Emits spikes as one block, then events, then the clock; nothing when nothing came. */
  flush(): void;
}

/** Blocks are numbered from 0; every message of a flush has the same `receivedAtMs`. */
export function createOutbox({ source, now }: AdapterContext, emit: (message: SourceMessage) => void): Outbox {
  const spikes = createSpikeBatch();
  let events: Pick<SourceEvent, "event" | "text" | "time">[] = [];
  let clockS = Number.NaN;
  let seq = 0;

  const flush = () => {
    const receivedAtMs = now();
    if (spikes.length > 0) emit({ kind: "spikes", source, seq: seq++, ...spikes.take(), receivedAtMs });
    const gathered = events;
    events = [];
    for (const event of gathered) emit({ kind: "event", source, ...event, receivedAtMs });
    if (!Number.isNaN(clockS)) emit({ kind: "clock", source, time: clockS, receivedAtMs });
    clockS = Number.NaN;
  };
  return {
    spike: spikes.push,
    event: (event) => void events.push(event),
    clock: (time) => {
      clockS = time;
    },
    restart: () => {
      flush();
      emit({ kind: "restart", source, receivedAtMs: now() });
    },
    flush,
  };
}
