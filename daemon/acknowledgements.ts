import type { AdaptedBody, SteeredBody, SwitchedBody } from "../src/protocol/messages.ts";

/** What operators change, by the message that says from which frame it holds. */
interface Bodies {
  steered: SteeredBody;
  switched: SwitchedBody;
  adapted: AdaptedBody;
}
/** The first frame with a change: its number, its last bin, and when it was written. */
export type From = Pick<SteeredBody, "seq" | "bin" | "atMs">;
export type Change = {
  [T in keyof Bodies]: { readonly type: T; readonly body: Omit<Bodies[T], keyof From> };
}[keyof Bodies];
export type Acknowledged = { [T in keyof Bodies]: { readonly type: T; readonly body: Bodies[T] } }[keyof Bodies];

/** More come only while no frame does. */
const MAX_WAITING = 256;

/** Numbers what operators change, and tells of each change the first written frame that was dispatched with it. */
export class Acknowledgements {
  #version = 0;
  #waiting: (Change & { readonly version: number })[] = [];

  /** Grows with every change. */
  get version(): number {
    return this.#version;
  }

  /** As many wait for a frame as may. */
  get isFull(): boolean {
    return this.#waiting.length >= MAX_WAITING;
  }

  /** The next window is dispatched with this change. */
  add(change: Change): void {
    this.#version++;
    this.#waiting.push({ ...change, version: this.#version });
  }

  /** A frame was written that was dispatched at `version`: the acknowledgements that are due now, oldest first. */
  written(version: number, from: From): Acknowledged[] {
    if (this.#waiting.length === 0) return [];
    const due = this.#waiting.filter((each) => each.version <= version);
    this.#waiting = this.#waiting.slice(due.length);
    return due.map(({ type, body }) => ({ type, body: { ...body, ...from } }) as Acknowledged);
  }
}
