import type { EventBody } from "../../../src/protocol/messages.ts";

/** One stretch of the session with one stimulus on; `endS` is null while it is on. Seconds on the source's clock. */
export interface Interval {
  id: string;
  url: string | null;
  startS: number;
  endS: number | null;
}

const KEPT = 64;

/** Which stimulus was on when, blanks left out; `current` includes the blank. */
export class StimulusTrack {
  intervals: Interval[] = [];
  current: { id: string; url: string | null } | null = null;

  /** `atS`: when it happened on the source's clock. */
  apply(stimulus: NonNullable<EventBody["stimulus"]>, atS: number): void {
    const open = this.intervals.at(-1);
    if (open && atS < open.startS) this.intervals = [];
    else if (open && open.endS === null) open.endS = atS;
    this.current = stimulus;
    if (stimulus.id === "blank") return;
    this.intervals.push({ ...stimulus, startS: atS, endS: null });
    if (this.intervals.length > KEPT) this.intervals.shift();
  }

  clear(): void {
    this.intervals = [];
    this.current = null;
  }
}
