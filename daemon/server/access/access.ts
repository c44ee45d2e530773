import { unwatchFile, watchFile } from "node:fs";
import type { IncomingHttpHeaders } from "node:http";
import type { Log } from "../options.ts";
import { ActionLog } from "./action-log.ts";
import { Refusals } from "./refusals.ts";
import { readTokens } from "./token-file.ts";
import { holderOf, presentedToken, type Role, type Token } from "./tokens.ts";

/** How often the token file is looked at, ms: network drives tell nobody of changes. */
const LOOK_MS = 250;

export interface AccessOptions {
  /** Without one everybody is operator, and the server listens on the loopback only. */
  readonly tokensFile: string | null;
  /** Where actions are written, or null. */
  readonly log: string | null;
}

/** Who a connection is. */
export interface Grant {
  readonly name: string;
  readonly role: Role;
}

const LOCAL: Grant = { name: "local", role: "operator" };

/** Who may come in, and what they did. */
export class Access {
  readonly refusals: Refusals;
  /** Called after the tokens changed: connections whose grant does not hold any more are to be closed. */
  onRotation: () => void = () => {};
  readonly actions: ActionLog | null;
  readonly #tokensFile: string | null;
  readonly #log: Log;
  #tokens: readonly Token[];
  #reading: Promise<void> = Promise.resolve();

  private constructor(options: AccessOptions, tokens: readonly Token[], actions: ActionLog | null, log: Log) {
    this.#tokensFile = options.tokensFile;
    this.#tokens = tokens;
    this.#log = log;
    this.actions = actions;
    this.refusals = new Refusals((refused) => {
      log.warn({ ...refused }, "refused");
      actions?.add({ who: refused.from, what: "refused", reason: refused.reason, count: refused.count });
    });
    if (options.tokensFile !== null)
      watchFile(options.tokensFile, { interval: LOOK_MS, persistent: false }, this.#onChange);
  }

  /** Reads the tokens and opens the log. Throws TOKENS_INVALID, ACCESS_LOG_UNWRITABLE. */
  static async open(options: AccessOptions, log: Log): Promise<Access> {
    const tokens = options.tokensFile === null ? [] : await readTokens(options.tokensFile);
    const onTrouble = (problem: string) => log.error({}, `log of actions: ${problem}`);
    const actions = options.log === null ? null : await ActionLog.open(options.log, { onTrouble });
    return new Access(options, tokens, actions, log);
  }

  /** Whether there are tokens. */
  get isGuarded(): boolean {
    return this.#tokensFile !== null;
  }

  /** What the bearer of these headers may do; null when they must be refused. */
  grant(headers: IncomingHttpHeaders): Grant | null {
    if (!this.isGuarded) return LOCAL;
    const token = presentedToken(headers);
    return token === null ? null : holderOf(this.#tokens, token);
  }

  /** Whether a grant of before holds as it was. */
  holds(grant: Grant): boolean {
    if (!this.isGuarded) return true;
    const same = (token: Token) =>
      "sha256" in grant &&
      Buffer.isBuffer(grant.sha256) &&
      token.sha256.equals(grant.sha256) &&
      token.role === grant.role;
    return this.#tokens.some((token) => token.name === grant.name && same(token));
  }

  /** Reads the tokens again; a file that cannot be used changes nothing but the log, so that half a file ends no experiment. */
  reload(): Promise<void> {
    this.#reading = this.#reading.then(() => this.#read());
    return this.#reading;
  }

  /** What SIGHUP asks for: tokens are read, the log is opened anew. */
  async renew(): Promise<void> {
    this.actions?.reopen();
    await this.reload();
  }

  async close(): Promise<void> {
    if (this.#tokensFile !== null) unwatchFile(this.#tokensFile, this.#onChange);
    await this.#reading;
    this.refusals.close();
    await this.actions?.close();
  }

  readonly #onChange = () => void this.reload();

  async #read(): Promise<void> {
    if (this.#tokensFile === null) return;
    try {
      const tokens = await readTokens(this.#tokensFile);
      this.#tokens = tokens;
      this.#log.info({ tokens: tokens.length }, "tokens read again");
      this.actions?.add({ who: "daemon", what: "rotation", tokens: tokens.map(({ name, role }) => ({ name, role })) });
      this.onRotation();
    } catch (error) {
      this.#log.error({ error: String(error) }, "tokens not read again, those of before hold");
      this.actions?.add({ who: "daemon", what: "rotation refused", problem: String(error) });
    }
  }
}
