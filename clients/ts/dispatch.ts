import type { HelloBody } from "../../src/protocol/messages.ts";
import type { Answers } from "./answers.ts";
import type { Emitter } from "./emitter.ts";
import { ClientError } from "./errors.ts";
import type { ClientEvents } from "./listen.ts";
import type { Message } from "./messages.ts";

/** Where what the daemon says goes to. */
export interface Receivers {
  readonly answers: Answers;
  readonly events: Emitter<ClientEvents>;
  /** Number of this connection; undefined while there is none. */
  viewer(): number | undefined;
  greeted(hello: HelloBody): void;
  pong(id: number, nowMs: number): void;
}

/** Hands a message to the request that it answers, and to those who listen. */
export function dispatch({ type, body }: Message, { answers, events, ...to }: Receivers): void {
  switch (type) {
    case "hello":
      to.greeted(body);
      break;
    case "pong":
      to.pong(body.id, body.nowMs);
      break;
    case "noted":
      answers.answer(body.id, { n: body.n, atMs: body.atMs });
      break;
    case "presented":
      answers.answer(body.id, body.stimulus);
      break;
    case "steered":
    case "switched":
    case "adapted":
      // Requests of other connections have the same numbers.
      if (body.by === to.viewer()) answers.answer(body.id, body);
      events.emit(type, body as never);
      break;
    case "error":
      if (!answers.refuse(body.id, new ClientError(body.code, body.message))) events.emit(type, body);
      break;
    default:
      events.emit(type, body as never);
  }
}
