import { PROTOCOL } from "../../src/protocol/messages.ts";
import { failure } from "./errors.ts";

const PATH = "/v1/stream";

/** Where a daemon is, over HTTP and as a WebSocket; `root` ends without a slash. */
export interface Address {
  readonly root: string;
  readonly stream: string;
  readonly protocols: string[];
  readonly headers: Record<string, string>;
}

/** Takes http, https, ws and wss addresses, with or without the stream's path. CLIENT_PARAMETER for others, and for a token that no header can carry. */
export function addressOf(url: string, token: string | undefined): Address {
  const { protocol, host } = parse(url);
  const secure = protocol === "https:" || protocol === "wss:";
  if (!["http:", "https:", "ws:", "wss:"].includes(protocol))
    throw failure("CLIENT_PARAMETER", `url: expected http, https, ws or wss, got "${protocol}"`);
  if (token !== undefined && !/^[\w-]+$/.test(token))
    throw failure("CLIENT_PARAMETER", "token: expected base64url: letters, digits, - and _");
  return {
    root: `${secure ? "https" : "http"}://${host}`,
    stream: `${secure ? "wss" : "ws"}://${host}${PATH}`,
    protocols: token === undefined ? [PROTOCOL] : [PROTOCOL, `phosphene.token.${token}`],
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  };
}

function parse(url: string): URL {
  try {
    return new URL(url);
  } catch {
    throw failure("CLIENT_PARAMETER", `url: expected an address such as http://127.0.0.1:8787, got "${url}"`);
  }
}
