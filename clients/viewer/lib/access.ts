import { PROTOCOL } from "../../../src/protocol/messages.ts";

const KEPT_AS = "phosphene.token";
/** base64url: also all that a subprotocol's name may be made of. */
const TOKEN = /^[\w-]{1,256}$/;

/** The token of this tab, if the daemon wants one: from the address' fragment (`#token=T`) or typed in, kept until the tab is closed. */
export class Access {
  #token: string | null;

  constructor() {
    this.#token = fromFragment() ?? sessionStorage.getItem(KEPT_AS);
    if (this.#token !== null) sessionStorage.setItem(KEPT_AS, this.#token);
  }

  /** False when it cannot be a token. */
  use(token: string): boolean {
    if (!TOKEN.test(token)) return false;
    this.#token = token;
    sessionStorage.setItem(KEPT_AS, token);
    return true;
  }

  get known(): boolean {
    return this.#token !== null;
  }

  /** Of the WebSocket: a browser can send no header with it, but names of subprotocols. */
  get protocols(): string[] {
    return this.#token === null ? [PROTOCOL] : [PROTOCOL, `phosphene.token.${this.#token}`];
  }

  /** The same place with the token in the fragment, for a tab of its own: the daemon never sees it in an address. */
  withToken(path: string): string {
    return this.#token === null ? path : `${path}#token=${this.#token}`;
  }

  fetch(path: string): Promise<Response> {
    const headers = this.#token === null ? {} : { authorization: `Bearer ${this.#token}` };
    return fetch(path, { headers, cache: "no-store" });
  }

  /** True when the daemon answers and wants another token: a failed WebSocket does not say why. */
  async refused(): Promise<boolean> {
    try {
      return (await this.fetch("/status")).status === 401;
    } catch {
      return false;
    }
  }
}

/** Takes the token out of the address bar, where it would be seen and remembered. */
function fromFragment(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token === null) return null;
  history.replaceState(null, "", location.pathname + location.search);
  return TOKEN.test(token) ? token : null;
}
