import type { Client, Picture } from "../../clients/ts/index.ts";
import type { Objective } from "./objective.ts";
import { Trials } from "./trials.ts";

/** A picture that was lost so often stops the experiment. */
const MOST_ATTEMPTS = 20;

/** `middle`: the picture in the middle of the candidates; `best` and `grey` are the comparison at the end, in which `lead` parts the best from the next grey. */
export type Role = "candidate" | "middle" | "lead" | "grey" | "best";

export interface TrialRecord {
  readonly role: Role;
  readonly generation: number;
  readonly stimulus: string;
  readonly score: number;
  readonly shownMs: number;
  readonly respondedMs: number;
  /** When its response was in hand, ms since the experiment began. */
  readonly atMs: number;
}

/** Shows pictures, scores what comes back and keeps it; what gets lost on the way is shown again. */
export class Recorder {
  readonly records: TrialRecord[] = [];
  readonly #client: Client;
  readonly #objective: Objective;
  readonly #trials: Trials;
  readonly #startMs = performance.now();
  #lost = 0;
  #closed = false;

  constructor(client: Client, units: number, objective: Objective) {
    this.#client = client;
    this.#objective = objective;
    this.#trials = new Trials(client, units, objective.trial);
  }

  /** Trials that were lost and repeated. */
  get lost(): number {
    return this.#lost;
  }

  /** Shows the picture after those before; rejects when it was lost too often. */
  show(picture: Picture, role: Role, generation: number): Promise<TrialRecord> {
    const shown = this.#show(picture, role, generation);
    // Whoever waits for many of them is told by the first that fails.
    shown.catch(() => {});
    return shown;
  }

  close(): void {
    this.#closed = true;
    this.#trials.close();
  }

  async #show(picture: Picture, role: Role, generation: number): Promise<TrialRecord> {
    for (let attempt = 1; ; attempt++) {
      try {
        const { stimulus, response, shownMs, respondedMs } = await this.#trials.show(picture);
        const score = this.#objective.score(response);
        const atMs = performance.now() - this.#startMs;
        const record = { role, generation, stimulus, score, shownMs, respondedMs, atMs };
        this.records.push(record);
        return record;
      } catch (error) {
        this.#lost++;
        if (this.#closed || attempt === MOST_ATTEMPTS) throw error;
        // The daemon says how it is once a second, when it is there.
        await this.#client.next("status");
      }
    }
  }
}
