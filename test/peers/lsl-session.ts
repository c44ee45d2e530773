import type { Subscription } from "rxjs";
import { lsl } from "../../adapters/lsl/adapter.ts";
import {
  type CountBlock,
  emptyCounters,
  type SourceCounters,
  type SourceMessage,
  type SpikeBlock,
} from "../../src/signal/types.ts";

/** What our inlet made of a stream; columns instead of messages, for millions of spikes. */
export class LslSession {
  readonly counters: SourceCounters = emptyCounters();
  readonly states: string[] = [];
  /** What was said of the connection. */
  readonly said: string[] = [];
  readonly kinds = new Map<string, number>();
  /** The largest uncertainty that was stated, ms; NaN once it was unknown. */
  uncertaintyMs = 0;
  offsetMs = Number.NaN;
  error: unknown;
  readonly #subscription: Subscription;
  #check: () => void = () => {};

  constructor(options: unknown, unitLabels: readonly string[], onBlock: (block: SpikeBlock | CountBlock) => void) {
    const context = {
      source: "test",
      unitLabels,
      counters: this.counters,
      now: () => performance.now(),
      log: (_level: string, text: string) => {
        this.said.push(text);
        this.#check();
      },
    };
    this.#subscription = lsl.open(lsl.options.parse(options), context).subscribe({
      next: (message) => {
        this.#note(message);
        if (message.kind === "spikes" || message.kind === "counts") onBlock(message);
        this.#check();
      },
      error: (error: unknown) => {
        this.error = error;
        this.#check();
      },
    });
  }

  /** Resolves when `condition` holds; looked at after every message. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#check = () => {
        if (condition()) resolve();
      };
      this.#check();
    });
  }

  close(): void {
    this.#subscription.unsubscribe();
  }

  #note(message: SourceMessage): void {
    this.kinds.set(message.kind, (this.kinds.get(message.kind) ?? 0) + 1);
    if (message.kind === "connection") {
      this.states.push(message.state);
      this.said.push(message.detail);
    }
    if (message.kind !== "sync") return;
    this.offsetMs = message.offsetMs;
    this.uncertaintyMs = Math.max(this.uncertaintyMs, message.uncertaintyMs);
  }
}
