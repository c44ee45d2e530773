import type { SourceEvent } from "../../src/signal/types.ts";
import { createColumns } from "./columns.ts";
import type { Fail } from "./fail.ts";

/** One event of a recording; `time` is in s on its clock. */
export type RecordedEvent = Pick<SourceEvent, "time" | "event" | "text">;

/** One run of the source's clock: spikes and events in order of time. A restarted acquisition is another segment. */
export interface Segment {
  readonly times: Float64Array;
  /** Index into `labels` of the recording. */
  readonly units: Uint16Array;
  readonly events: readonly RecordedEvent[];
}

/** What a reader makes of a vendor's file. */
export interface SpikeRecording {
  readonly kind: "spikes";
  readonly format: string;
  /** `<electrode>.<sorted id>` of each recorded unit. */
  readonly labels: readonly string[];
  readonly segments: readonly Segment[];
  /** What a person should know: the file is cut, something was skipped. */
  readonly notes: readonly string[];
}

/** No recording lasts longer; a time beyond is damage, and would make the player wait for ever. */
const LONGEST_S = 31 * 86_400;
const MOST_UNITS = 65_535;
/** 10 bytes each in memory. */
const MOST_SPIKES = 100_000_000;
const MOST_EVENTS = 2_000_000;

/** Collects what a reader finds, in any order, and makes segments of it. */
export interface RecordingBuilder {
  /** Index of a unit; the first sight of a label gives it the next one. */
  unit(label: string): number;
  spike(time: number, unit: number): void;
  event(event: RecordedEvent): void;
  note(text: string): void;
  /** The clock starts again: what follows is another segment. */
  restart(): void;
  finish(format: string): SpikeRecording;
}

export function createRecordingBuilder(fail: Fail): RecordingBuilder {
  const unitOf = new Map<string, number>();
  const notes: string[] = [];
  const segments: Segment[] = [];
  let columns = createColumns();
  let events: RecordedEvent[] = [];
  let spikes = 0;
  let eventCount = 0;

  const close = () => {
    if (columns.length === 0 && events.length === 0) return;
    const segment = { ...columns.sorted(), events: events.toSorted((a, b) => a.time - b.time) };
    const [first, last] = span(segment);
    if (!(last - first <= LONGEST_S)) fail("its times", "duration", `at most ${LONGEST_S} s`, last - first);
    segments.push(segment);
    columns = createColumns();
    events = [];
  };
  return {
    unit(label) {
      const known = unitOf.get(label);
      if (known !== undefined) return known;
      const unit = unitOf.size;
      if (unit >= MOST_UNITS) fail("its units", "number of units", `at most ${MOST_UNITS}`, unit + 1);
      unitOf.set(label, unit);
      return unit;
    },
    spike(time, unit) {
      if (!Number.isFinite(time)) fail(`spike ${spikes}`, "time of a spike", "a finite number of s", time);
      if (++spikes > MOST_SPIKES) fail(`spike ${spikes}`, "number of spikes", `at most ${MOST_SPIKES}`, "more");
      columns.push(time, unit);
    },
    event(event) {
      if (!Number.isFinite(event.time))
        fail(`event ${eventCount}`, "time of an event", "a finite number of s", event.time);
      if (++eventCount > MOST_EVENTS) fail(`event ${eventCount}`, "number of events", `at most ${MOST_EVENTS}`, "more");
      events.push(event);
    },
    note: (text) => void notes.push(text),
    restart: close,
    finish(format) {
      close();
      return { kind: "spikes", format, labels: [...unitOf.keys()], segments, notes };
    },
  };
}

/** Time of the first and of the last thing in a segment, s. */
export function span({ times, events }: Segment): [first: number, last: number] {
  const firsts = [times[0], events[0]?.time].filter((time) => time !== undefined);
  const lasts = [times.at(-1), events.at(-1)?.time].filter((time) => time !== undefined);
  return [Math.min(...firsts), Math.max(...lasts)];
}

/** Number of spikes of a recording. */
export function countSpikes({ segments }: SpikeRecording): number {
  return segments.reduce((sum, { times }) => sum + times.length, 0);
}
