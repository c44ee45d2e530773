import { type ClientError, failure } from "./errors.ts";

/** `waiting` for the next attempt to connect; `refused` and `closed` are the end. */
export type ConnectionState =
  | { phase: "connecting"; attempt: number }
  | { phase: "open" }
  | { phase: "waiting"; attempt: number; retryInMs: number }
  | Over;
export type Over = { phase: "refused" | "closed" };

export function isOver(state: ConnectionState): state is Over {
  return state.phase === "closed" || state.phase === "refused";
}

/** Why nothing more comes. */
export function overError({ phase }: Over): ClientError {
  return phase === "closed"
    ? failure("CLIENT_CLOSED", "the client was closed")
    : failure("CLIENT_REFUSED", "the daemon wants a token, or another one");
}
