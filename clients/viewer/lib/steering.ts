import type { ClientBodies, SteeredBody } from "../../../src/protocol/messages.ts";

/** Traversal of every latent group, in standard deviations of the prior, and the sampler's guidance weight. */
export interface Steer {
  gamma: number[];
  guidance: number | null;
}

export interface SteeringPort {
  send(body: ClientBodies["steer"]): boolean;
  /** For messages of this connection. */
  nextId(): number;
  nowMs(): number;
  /** Runs `then` after `delayMs`; returns how to prevent it. */
  later(then: () => void, delayMs: number): () => void;
}

/** Not more often than this is a change sent; the last one always is. */
export const SEND_EVERY_MS = 100;

export type SteerPhase = "following" | "sending" | "refused";

/** What an operator asks for and what the daemon says is in effect. With several operators the last one wins, and this follows. */
export class Steering {
  readonly #port: SteeringPort;
  /** Asked for here and not yet answered. */
  #wanted: Steer | null = null;
  #inEffect: Steer = { gamma: [], guidance: null };
  #pending: number | null = null;
  #sentAtMs = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | null = null;
  /** The newest acknowledgement of anybody's change. */
  acknowledged: SteeredBody | null = null;
  /** Why the last change was refused. */
  refusal: string | null = null;

  constructor(port: SteeringPort) {
    this.#port = port;
  }

  /** What sliders show: what was asked for here until it is answered, else what holds. */
  get values(): Steer {
    return this.#wanted ?? this.#inEffect;
  }

  get phase(): SteerPhase {
    if (this.#wanted) return "sending";
    return this.refusal === null ? "following" : "refused";
  }

  setGamma(group: number, value: number): void {
    this.#ask({ ...this.values, gamma: this.values.gamma.map((old, i) => (i === group ? value : old)) });
  }

  setGuidance(guidance: number): void {
    this.#ask({ ...this.values, guidance });
  }

  /** No traversal, and the bundle's own guidance. */
  reset(guidance: number | null): void {
    this.#ask({ gamma: this.values.gamma.map(() => 0), guidance });
  }

  /** Every frame says what it was decoded with. */
  frame(seq: number, gamma: number[], guidance: number | null): void {
    if (seq >= (this.acknowledged?.seq ?? 0)) this.#inEffect = { gamma, guidance };
  }

  /** `mine`: this connection asked for it. */
  steered(body: SteeredBody, mine: boolean): void {
    this.acknowledged = body;
    this.#inEffect = { gamma: body.gamma, guidance: body.guidance };
    if (mine && body.id === this.#pending) this.#settle(null);
  }

  /** True when the message that was refused was one of these. */
  refused(id: number | null, why: string): boolean {
    if (id === null || id !== this.#pending) return false;
    this.#settle(why);
    return true;
  }

  /** The connection is gone, and with it what was asked for. */
  down(): void {
    this.#settle(null);
  }

  /** Another session of the daemon begins without steering. */
  restarted(groups: number, guidance: number | null): void {
    this.#settle(null);
    this.acknowledged = null;
    this.#inEffect = { gamma: new Array<number>(groups).fill(0), guidance };
  }

  #settle(refusal: string | null): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#pending = null;
    this.#wanted = null;
    this.refusal = refusal;
  }

  #ask(steer: Steer): void {
    this.#wanted = steer;
    this.refusal = null;
    // An answer to an earlier change does not settle this one.
    this.#pending = null;
    if (this.#cancel) return;
    const waitMs = this.#sentAtMs + SEND_EVERY_MS - this.#port.nowMs();
    if (waitMs <= 0) this.#send();
    else this.#cancel = this.#port.later(() => this.#send(), waitMs);
  }

  #send(): void {
    this.#cancel = null;
    if (!this.#wanted) return;
    const id = this.#port.nextId();
    this.#sentAtMs = this.#port.nowMs();
    if (this.#port.send({ ...this.#wanted, id })) this.#pending = id;
    else this.#settle("the daemon is not connected");
  }
}
