/** A state is said when it has lasted this long, and nothing is said again so soon: a voice cannot keep up with a stream. */
export const LASTS_MS = 1500;
export const REST_MS = 4000;

/** Chooses what a screen reader says. */
export class Announcements {
  #seen = "";
  #sinceMs = 0;
  #said = "";
  #saidAtMs = Number.NEGATIVE_INFINITY;

  /** What the live region holds, given the state in words at `nowMs`. */
  say(words: string, nowMs: number): string {
    if (words !== this.#seen) {
      this.#seen = words;
      this.#sinceMs = nowMs;
    }
    const due = nowMs - this.#sinceMs >= LASTS_MS && nowMs - this.#saidAtMs >= REST_MS;
    if (words !== this.#said && due) {
      this.#said = words;
      this.#saidAtMs = nowMs;
    }
    return this.#said;
  }
}
