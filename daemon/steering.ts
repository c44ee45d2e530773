import { expected, PhospheneError } from "../src/errors.ts";
import type { HelloBody } from "../src/protocol/messages.ts";
import type { Acknowledgements } from "./acknowledgements.ts";

/** What the next window is decoded with. */
export interface SteeringState {
  /** Added to every latent of a group, per group. */
  readonly gamma: readonly number[];
  /** Weight in effect; null where the bundle has none. */
  readonly guidance: number | null;
}

/** What an operator asks for; `guidance` null: the default. */
export interface SteerRequest {
  readonly gamma: readonly number[];
  readonly guidance: number | null;
  readonly id: number | null;
}

/** The steering of the session. */
export class Steering {
  readonly #changes: Acknowledgements;
  #range: HelloBody["guidance"];
  #state: SteeringState;

  constructor(groups: number, range: HelloBody["guidance"], changes: Acknowledgements) {
    this.#changes = changes;
    this.#range = range;
    this.#state = unsteered(groups, range);
  }

  get state(): SteeringState {
    return this.#state;
  }

  /** From the next window on. Throws PROTOCOL_MALFORMED, or PROTOCOL_RATE while too many changes wait for a frame. */
  steer({ gamma, guidance, id }: SteerRequest, by: number): void {
    const groups = this.#state.gamma.length;
    if (gamma.length !== groups) throw malformed("gamma", `${groups} numbers, one per latent group`, gamma.length);
    const weight = this.#weigh(guidance);
    if (this.#changes.isFull)
      throw new PhospheneError("PROTOCOL_RATE", expected("steer", "fewer changes that wait for a frame", "more"));
    this.#hold({ gamma: [...gamma], guidance: weight }, id, by);
  }

  /** Another bundle, with groups and a range of its own: zeros again, which is a change by whoever asked for the bundle. */
  restart(groups: number, range: HelloBody["guidance"], by: number): void {
    this.#range = range;
    this.#hold(unsteered(groups, range), null, by);
  }

  #hold(state: SteeringState, id: number | null, by: number): void {
    this.#state = state;
    const { gamma, guidance } = state;
    this.#changes.add({ type: "steered", body: { id, by, gamma: [...gamma], guidance } });
  }

  #weigh(wanted: number | null): number | null {
    const range = this.#range;
    if (wanted === null) return range?.default ?? null;
    if (range === null) throw malformed("guidance", "null: the bundle has no guidance", wanted);
    if (wanted < range.min || wanted > range.max) throw malformed("guidance", `${range.min} to ${range.max}`, wanted);
    return wanted;
  }
}

function unsteered(groups: number, range: HelloBody["guidance"]): SteeringState {
  return { gamma: new Array<number>(groups).fill(0), guidance: range?.default ?? null };
}

function malformed(key: string, wanted: string, got: unknown): PhospheneError {
  return new PhospheneError("PROTOCOL_MALFORMED", expected(`steer.${key}`, wanted, got));
}
