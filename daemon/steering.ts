import { expected, PhospheneError } from "../src/errors.ts";
import type { HelloBody, SteeredBody } from "../src/protocol/messages.ts";

/** What the next window is decoded with. */
export interface SteeringState {
  /** Added to every latent of a group, per group. */
  readonly gamma: readonly number[];
  /** Weight in effect; null where the bundle has none. */
  readonly guidance: number | null;
  /** Grows with every change. */
  readonly version: number;
}

/** What an operator asks for; `guidance` null: the default. */
export interface SteerRequest {
  readonly gamma: readonly number[];
  readonly guidance: number | null;
  readonly id: number | null;
}

type Waiting = Omit<SteeredBody, "seq" | "bin" | "atMs"> & { readonly version: number };

/** Changes that wait for a frame: more come only while there is none, and then the newest is not taken. */
const MAX_WAITING = 256;

/** The steering of the session, and who waits to hear from which frame a change holds. */
export class Steering {
  readonly #range: HelloBody["guidance"];
  #state: SteeringState;
  #waiting: Waiting[] = [];

  constructor(groups: number, range: HelloBody["guidance"]) {
    this.#range = range;
    this.#state = { gamma: new Array<number>(groups).fill(0), guidance: range?.default ?? null, version: 0 };
  }

  get state(): SteeringState {
    return this.#state;
  }

  /** From the next window on. Throws PROTOCOL_MALFORMED, or PROTOCOL_RATE while too many wait for a frame. */
  steer({ gamma, guidance, id }: SteerRequest, by: number): void {
    const groups = this.#state.gamma.length;
    if (gamma.length !== groups) throw malformed("gamma", `${groups} numbers, one per latent group`, gamma.length);
    const weight = this.#weigh(guidance);
    if (this.#waiting.length >= MAX_WAITING)
      throw new PhospheneError(
        "PROTOCOL_RATE",
        expected("steer", `at most ${MAX_WAITING} that wait for a frame`, "more"),
      );
    const version = this.#state.version + 1;
    this.#state = { gamma: [...gamma], guidance: weight, version };
    this.#waiting.push({ id, by, gamma: [...gamma], guidance: weight, version });
  }

  /** Frame `seq` of bin `bin` was written, decoded with `version`: the acknowledgements that are due now, oldest first. */
  written(version: number, at: Pick<SteeredBody, "seq" | "bin" | "atMs">): SteeredBody[] {
    if (this.#waiting.length === 0) return [];
    const due = this.#waiting.filter((each) => each.version <= version);
    this.#waiting = this.#waiting.slice(due.length);
    return due.map(({ id, by, gamma, guidance }) => ({ id, by, gamma, guidance, ...at }));
  }

  #weigh(wanted: number | null): number | null {
    const range = this.#range;
    if (wanted === null) return range?.default ?? null;
    if (range === null) throw malformed("guidance", "null: the bundle has no guidance", wanted);
    if (wanted < range.min || wanted > range.max) throw malformed("guidance", `${range.min} to ${range.max}`, wanted);
    return wanted;
  }
}

function malformed(key: string, wanted: string, got: unknown): PhospheneError {
  return new PhospheneError("PROTOCOL_MALFORMED", expected(`steer.${key}`, wanted, got));
}
