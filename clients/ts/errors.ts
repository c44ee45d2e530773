/** What can go wrong on this side of the wire; codes of docs/errors.md come from the daemon. */
export const CLIENT_ERRORS = {
  CLIENT_OFFLINE: "there is no connection now, or it ended before the answer",
  CLIENT_REFUSED: "the daemon wants a token, or another one; the client does not try again",
  CLIENT_CLOSED: "the client was closed",
  CLIENT_TIMEOUT: "no answer came in time",
  CLIENT_BUSY: "too much waits to be sent or answered",
  CLIENT_PARAMETER: "an argument is outside its range",
} as const;

export type ClientErrorCode = keyof typeof CLIENT_ERRORS;

/** Why a request failed: `code` is the daemon's (docs/errors.md) or one of `CLIENT_ERRORS`. */
export class ClientError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(`[${code}] ${message}`);
    this.name = "ClientError";
    this.code = code;
  }
}

/** An error of this side. */
export function failure(code: ClientErrorCode, message: string): ClientError {
  return new ClientError(code, message);
}
