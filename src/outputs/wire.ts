/** Something that has lines. Both resolve with the time of the hand-over, and reject with `TooLate`, `Unanswered`, or another error: nothing was changed. */
export interface Wire {
  raise(line: string, untilMs: number): Promise<number>;
  lower(line: string): Promise<number>;
}

/** Not handed over before its deadline. */
export class TooLate extends Error {}
/** Handed over, and nobody knows whether it was done. */
export class Unanswered extends Error {}
