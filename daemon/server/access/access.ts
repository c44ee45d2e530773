import type { IncomingHttpHeaders } from "node:http";
import type { Log } from "../log.ts";
import { ActionLog } from "./action-log.ts";
import { Refusals } from "./refusals.ts";
import { readTokens } from "./token-file.ts";
import { holderOf, presentedToken, type Role, type Token } from "./tokens.ts";
import { stateOf, watchState } from "./watch.ts";

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
  /** Of the token; null without tokens. */
  readonly sha256: Buffer | null;
}

const LOCAL: Grant = { name: "local", role: "operator", sha256: null };

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
  #unwatch: () => void = () => {};

  private constructor(options: AccessOptions, tokens: readonly Token[], actions: ActionLog | null, log: Log) {
    this.#tokensFile = options.tokensFile;
    this.#tokens = tokens;
    this.#log = log;
    this.actions = actions;
    this.refusals = new Refusals((refused) => {
      log.warn({ ...refused }, "refused");
      actions?.add({ who: refused.from, what: "refused", reason: refused.reason, count: refused.count });
    });
  }

  /** Reads the tokens and opens the log. Throws TOKENS_INVALID, ACCESS_LOG_UNWRITABLE. */
  static async open(options: AccessOptions, log: Log): Promise<Access> {
    const { tokensFile } = options;
    const state = tokensFile === null ? null : await stateOf(tokensFile);
    const tokens = tokensFile === null ? [] : await readTokens(tokensFile);
    const onTrouble = (problem: string) => log.error({}, `log of actions: ${problem}`);
    const actions = options.log === null ? null : await ActionLog.open(options.log, { onTrouble });
    const access = new Access(options, tokens, actions, log);
    if (tokensFile !== null) access.#unwatch = watchState(tokensFile, state, () => void access.reload());
    return access;
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
  holds({ name, role, sha256 }: Grant): boolean {
    if (sha256 === null) return true;
    return this.#tokens.some((token) => token.name === name && token.role === role && token.sha256.equals(sha256));
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
    this.#unwatch();
    await this.#reading;
    this.refusals.close();
    await this.actions?.close();
  }

  async #read(): Promise<void> {
    if (this.#tokensFile === null) return;
    try {
      this.#tokens = await readTokens(this.#tokensFile);
    } catch (error) {
      this.#log.error({ error: String(error) }, "tokens not read again, those of before hold");
      this.actions?.add({ who: "daemon", what: "rotation refused", problem: String(error) });
      return;
    }
    this.#log.info({ tokens: this.#tokens.length }, "tokens read again");
    const tokens = this.#tokens.map(({ name, role }) => ({ name, role }));
    this.actions?.add({ who: "daemon", what: "rotation", tokens });
    this.onRotation();
  }
}
