import type { Bin, SilentUnits, SourceEvent } from "../signal/types.ts";

export interface LessonOptions {
  /** A window of a picture begins at least so long after its onset: every unit has responded (ms). */
  readonly fromMs: number;
  /** It ends at most so long after the next event: no unit has begun to respond to that (ms). */
  readonly untilMs: number;
  /** A window of a blank begins at least so long after the picture went: responses have decayed (ms). */
  readonly blankFromMs: number;
}

/** Of a window: when it begins and ends, and whether there are units that nobody listens to. */
export interface Response {
  readonly first: Pick<Bin, "startS">;
  readonly last: Pick<Bin, "endS">;
  readonly silent: SilentUnits;
}

interface Shown {
  readonly id: string;
  readonly timeS: number;
}

/** Sums of times are not exact, s. */
const ROUNDING_S = 1e-6;
/** The text with which a rig says that nothing is shown: `stimulus blank`. */
export const BLANK = "blank";
/** More stimuli than fall between the close of a bin and the writing of its frame. */
const REMEMBERED = 16;

/** Tells of a window which stimulus it is a response to, and to nothing else: all of it lies inside one response, by the source's clock. */
export class Lessons {
  readonly #options: LessonOptions;
  #shown: Shown[] = [];

  constructor(options: LessonOptions) {
    this.#options = options;
  }

  /** An event of the rig, in the order of their times; what is no `stimulus <id>` is passed over. */
  event({ event, text, time }: Pick<SourceEvent, "event" | "text" | "time">): void {
    const id = event === "text" ? /^stimulus (\S+)$/.exec(text)?.[1] : undefined;
    if (id === undefined) return;
    this.#shown.push({ id, timeS: time });
    if (this.#shown.length > REMEMBERED) this.#shown.shift();
  }

  /** The source's clock began again: times of before mean nothing any more. */
  restart(): void {
    this.#shown = [];
  }

  /** Identifier of the stimulus, BLANK, or null for a window between responses. */
  of({ first, last, silent }: Response): string | null {
    if (silent !== null) return null;
    const at = this.#shown.findLastIndex(({ id, timeS }) => first.startS + ROUNDING_S >= timeS + this.#settleS(id));
    const shown = this.#shown[at];
    const next = this.#shown[at + 1];
    if (shown === undefined) return null;
    const endS = next === undefined ? Number.POSITIVE_INFINITY : next.timeS + this.#options.untilMs / 1000;
    return last.endS <= endS + ROUNDING_S ? shown.id : null;
  }

  #settleS(id: string): number {
    return (id === BLANK ? this.#options.blankFromMs : this.#options.fromMs) / 1000;
  }
}
