import type { ErrorCode } from "../../src/errors.ts";
import type { Plan, Way } from "./providers.ts";

/** A provider is given up after this many failures in a row. */
export const FAILURES_BEFORE_FALLBACK = 3;
/** Windows after which a decoder process counts as one that works. */
export const WINDOWS_TO_TRUST = 100;

/** What another way would refuse as well. */
const NOT_THE_PROVIDERS: readonly ErrorCode[] = [
  "BUNDLE_MISSING",
  "BUNDLE_MANIFEST_INVALID",
  "BUNDLE_DIGEST_MISMATCH",
  "BUNDLE_GRAPH_MISMATCH",
  "PARAMETER_INVALID",
  "PROCESS_REFUSED",
];

/** Which way the decoder process takes, and which one after failures. Never goes back: a provider that failed is not tried again in a session. */
export class Ways {
  readonly #plan: Plan;
  #at = 0;
  #failures = 0;
  #windows = 0;
  #hasStarted = false;
  #reason: string;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#reason = plan.reason;
  }

  get current(): Way {
    return this.#plan.ways[this.#at]!;
  }
  /** Why it is this way: one sentence for log and `/status`. */
  get reason(): string {
    return this.#reason;
  }

  started(): void {
    this.#hasStarted = true;
    this.#windows = 0;
  }

  decoded(): void {
    if (++this.#windows === WINDOWS_TO_TRUST) this.#failures = 0;
  }

  /** The process said no while it loaded. True when there is another way, which is then the current one. */
  refused(code: ErrorCode, message: string): boolean {
    if (NOT_THE_PROVIDERS.includes(code)) return false;
    // Memory that another program holds may come back; a library or a device that is not there will not.
    if (code === "PROVIDER_FAILED" && this.#hasStarted) return this.ended(message);
    return this.#advance(this.#at + 1, `${name(this.current)} refused: ${message}`);
  }

  /** The process ended without being told to. True when it was once too often: another provider is then the current one. */
  ended(reason: string): boolean {
    if (!this.#hasStarted) return this.#advance(this.#at + 1, `${name(this.current)} ended at start: ${reason}`);
    if (++this.#failures < FAILURES_BEFORE_FALLBACK) return false;
    const { ways } = this.#plan;
    const other = ways.findIndex(({ provider }, i) => i > this.#at && provider !== this.current.provider);
    const text = `${name(this.current)} failed ${this.#failures} times in a row, at last: ${reason}`;
    return this.#advance(other < 0 ? this.#at + 1 : other, text);
  }

  #advance(to: number, reason: string): boolean {
    const last = this.#hasStarted ? this.#plan.ways.length : this.#plan.startable;
    if (to >= last) return false;
    this.#at = to;
    this.#failures = 0;
    this.#reason = reason;
    return true;
  }
}

function name({ provider, runner }: Way): string {
  return `${provider} (${runner})`;
}
