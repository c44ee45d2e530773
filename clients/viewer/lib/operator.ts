import type { ClientBodies, HelloBody, ServerMessage } from "../../../src/protocol/messages.ts";
import { Presenting } from "./present.ts";
import { Steering } from "./steering.ts";

type Send = <Type extends "steer" | "present">(type: Type, body: ClientBodies[Type]) => boolean;

/** What the page may change at the daemon, and what the daemon says about it. */
export class Operator {
  readonly steering: Steering;
  readonly presenting: Presenting;
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
  }

  get allowed(): boolean {
    return this.#hello?.role === "operator";
  }

  take(message: ServerMessage): void {
    if (message.type === "hello") this.#greeted(message);
    else if (message.type === "frame") this.steering.frame(message.seq, message.steering, message.guidance);
    else if (message.type === "steered") this.steering.steered(message, message.by === this.#hello?.viewer);
    else if (message.type === "presented") this.presenting.presented(message.id, message.stimulus);
    else if (message.type === "event" && message.stimulus) this.presenting.stimulus(message.stimulus.id);
    else if (message.type === "error") this.#refused(message.id, message.code, message.message);
  }

  down(): void {
    this.steering.down();
    this.presenting.down();
  }

  #greeted(hello: HelloBody): void {
    const restarted = this.#hello?.session !== hello.session;
    this.#hello = hello;
    if (restarted) this.steering.restarted(hello.bundle.latents.groups.length, hello.guidance?.default ?? null);
  }

  #refused(id: number | null, code: string, message: string): void {
    const why = `${code}: ${message}`;
    if (!this.steering.refused(id, why)) this.presenting.refused(id, why);
  }
}
