import type { ClientBodies } from "../../../src/protocol/messages.ts";

export type Picture = Pick<ClientBodies["present"], "width" | "height" | "image">;
export type PresentPhase =
  | { kind: "idle" }
  | { kind: "sent" | "handed" | "shown"; stimulus: string }
  | { kind: "refused"; why: string };

/** Pictures for the subject: one on its way at a time, and of those that wait only the newest. */
export class Presenting {
  readonly #send: (body: ClientBodies["present"]) => boolean;
  readonly #nextId: () => number;
  #pending: number | null = null;
  #next: Picture | null = null;
  /** What the rig shows, which may be said before its receipt. */
  #on = "";
  phase: PresentPhase = { kind: "idle" };

  constructor(send: (body: ClientBodies["present"]) => boolean, nextId: () => number) {
    this.#send = send;
    this.#nextId = nextId;
  }

  show(picture: Picture): void {
    if (this.#pending !== null) {
      this.#next = picture;
      return;
    }
    const id = this.#nextId();
    if (!this.#send({ id, ...picture })) {
      this.phase = { kind: "refused", why: "the daemon is not connected" };
      return;
    }
    this.#pending = id;
    this.phase = { kind: "sent", stimulus: "" };
  }

  /** The rig has it. */
  presented(id: number, stimulus: string): void {
    if (id !== this.#pending) return;
    this.#pending = null;
    this.phase = { kind: this.#on === stimulus ? "shown" : "handed", stimulus };
    this.#goOn();
  }

  /** True when the message that was refused was one of these. */
  refused(id: number | null, why: string): boolean {
    if (id === null || id !== this.#pending) return false;
    this.#pending = null;
    this.phase = { kind: "refused", why };
    this.#goOn();
    return true;
  }

  /** The rig says that a stimulus is on. */
  stimulus(id: string): void {
    this.#on = id;
    if (this.phase.kind === "handed" && this.phase.stimulus === id) this.phase = { kind: "shown", stimulus: id };
  }

  down(): void {
    this.#pending = null;
    this.#next = null;
    this.phase = { kind: "idle" };
  }

  #goOn(): void {
    const next = this.#next;
    this.#next = null;
    if (next) this.show(next);
  }
}
