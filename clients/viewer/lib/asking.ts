/** The daemon's answer to a change: whose it was, and from which frame it holds. */
interface Answered {
  id: number;
  by: number;
}

export type AskPhase = "following" | "sending" | "refused";

/** Changes that are asked for one at a time and hold when the daemon says so. With several operators the last one wins, and this follows. */
export class Asking<Body extends object, Answer extends Answered> {
  readonly #send: (body: Body & { id: number }) => boolean;
  readonly #nextId: () => number;
  /** Asked for here and not yet answered. */
  pending: (Body & { id: number }) | null = null;
  /** Why the last one was refused. */
  refusal: string | null = null;
  /** The newest answer to anybody's. */
  answered: Answer | null = null;

  /** `nextId`: for messages of this connection. */
  constructor(send: (body: Body & { id: number }) => boolean, nextId: () => number) {
    this.#send = send;
    this.#nextId = nextId;
  }

  get phase(): AskPhase {
    if (this.pending) return "sending";
    return this.refusal === null ? "following" : "refused";
  }

  ask(body: Body): void {
    const asked = { ...body, id: this.#nextId() };
    const sent = this.#send(asked);
    this.pending = sent ? asked : null;
    this.refusal = sent ? null : "the daemon is not connected";
  }

  /** `mine`: this connection asked for it. */
  take(answer: Answer, mine: boolean): void {
    this.answered = answer;
    if (mine && answer.id === this.pending?.id) this.pending = null;
    if (mine) this.refusal = null;
  }

  /** True when the message that was refused was one of these. */
  refused(id: number | null, why: string): boolean {
    if (id === null || id !== this.pending?.id) return false;
    this.pending = null;
    this.refusal = why;
    return true;
  }

  /** The connection is gone, and with it the answer. */
  down(): void {
    this.pending = null;
  }

  /** Another session of the daemon. */
  restarted(): void {
    this.pending = this.refusal = this.answered = null;
  }
}
