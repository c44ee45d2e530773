import type {
  AdaptedBody,
  ClientBodies,
  HelloBody,
  ServerMessage,
  SwitchedBody,
} from "../../../src/protocol/messages.ts";
import { Asking } from "./asking.ts";
import { Presenting } from "./present.ts";
import { Steering } from "./steering.ts";

export type Switching = Asking<Omit<ClientBodies["switch"], "id">, SwitchedBody>;
export type Adapting = Asking<Omit<ClientBodies["adapt"], "id">, AdaptedBody>;

type Send = <Type extends "steer" | "present" | "switch" | "adapt">(type: Type, body: ClientBodies[Type]) => boolean;

/** What the page may change at the daemon, and what the daemon says about it. */
export class Operator {
  readonly steering: Steering;
  readonly presenting: Presenting;
  readonly switching: Switching;
  readonly adapting: Adapting;
  #hello: HelloBody | null = null;

  constructor(send: Send) {
    let id = 1;
    const nextId = () => id++;
    this.steering = new Steering({
      send: (body) => send("steer", body),
      nextId,
      nowMs: () => performance.now(),
      later: (then, delayMs) => {
        const timer = window.setTimeout(then, delayMs);
        return () => window.clearTimeout(timer);
      },
    });
    this.presenting = new Presenting((body) => send("present", body), nextId);
    this.switching = new Asking((body) => send("switch", body), nextId);
    this.adapting = new Asking((body) => send("adapt", body), nextId);
  }

  get allowed(): boolean {
    return this.#hello?.role === "operator";
  }

  take(message: ServerMessage): void {
    if (message.type === "hello") this.#greeted(message);
    else if (message.type === "frame") this.steering.frame(message.seq, message.steering, message.guidance);
    else if (message.type === "steered") this.steering.steered(message, message.by === this.#hello?.viewer);
    else if (message.type === "switched") this.switching.take(message, message.by === this.#hello?.viewer);
    else if (message.type === "adapted") this.adapting.take(message, message.by === this.#hello?.viewer);
    else if (message.type === "presented") this.presenting.presented(message.id, message.stimulus);
    else if (message.type === "event" && message.stimulus) this.presenting.stimulus(message.stimulus.id);
    else if (message.type === "error") this.#refused(message.id, message.code, message.message);
  }

  down(): void {
    this.steering.down();
    this.presenting.down();
    this.switching.down();
    this.adapting.down();
  }

  #greeted(hello: HelloBody): void {
    const restarted = this.#hello?.session !== hello.session;
    const switched = this.#hello?.bundle.digest !== hello.bundle.digest;
    this.#hello = hello;
    // Another bundle has other groups: the daemon steers it from neutral.
    if (restarted || switched)
      this.steering.restarted(hello.bundle.latents.groups.length, hello.guidance?.default ?? null);
    if (restarted) this.switching.restarted();
    if (restarted || switched) this.adapting.restarted();
  }

  #refused(id: number | null, code: string, message: string): void {
    const why = `${code}: ${message}`;
    const askers = [this.steering, this.presenting, this.switching, this.adapting];
    askers.some((asker) => asker.refused(id, why));
  }
}
