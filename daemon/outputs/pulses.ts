import { type Bound, bindCondition, type Decoded } from "../../src/outputs/bind.ts";
import { parseCondition } from "../../src/outputs/condition.ts";
import type { Wire } from "../../src/outputs/wire.ts";
import { closeOf } from "../../src/outputs/zeromq-format.ts";
import type { EventBody, FrameBody } from "../../src/protocol/messages.ts";
import type { OutputBooks } from "./books.ts";
import type { PreparedOutput } from "./output.ts";
import { PulseLine } from "./pulse-line.ts";

/** A rule of the configuration: while `when` becomes true, `line` is raised for `durationMs`; null is a line that falls by itself. */
export interface PulseRule {
  readonly when: string;
  /** Only where it was not true of the frame before. */
  readonly onset: boolean;
  readonly line: string;
  readonly durationMs: number | null;
}

export interface PulseOptions {
  readonly books: OutputBooks;
  readonly now: () => number;
  /** Of the configuration, for its mistakes: `outputs.serial`. */
  readonly where: string;
}

/** Evaluates rules on frames and events and keeps the pulses: a rule that fires while its line is high prolongs it (`merged`). */
export class Pulses {
  readonly #where: string;
  readonly #rules;
  readonly #lines = new Map<string, PulseLine>();

  /** Errors: CONFIG_INVALID for a rule that speaks of what the bundle has not. */
  constructor(rules: readonly PulseRule[], decoded: Decoded, wire: Wire, { books, now, where }: PulseOptions) {
    this.#where = where;
    this.#rules = rules.map(({ when, onset, line, durationMs }, i) => {
      const pulses = this.#lines.get(line) ?? new PulseLine(line, wire, books, now);
      this.#lines.set(line, pulses);
      return { when, condition: this.#bind(when, decoded, i), onset, line: pulses, durationMs, was: false };
    });
  }

  #bind(when: string, decoded: Decoded, rule: number): Bound {
    return bindCondition(parseCondition(when), decoded, `${this.#where}.rules.${rule}.when`);
  }

  frame(frame: FrameBody): void {
    for (const rule of this.#rules) {
      const { was } = rule;
      rule.was = rule.condition.frame(frame);
      if (rule.was && !(rule.onset && was)) rule.line.fire(closeOf(frame), rule.durationMs);
    }
  }

  event({ text }: EventBody, knownMs: number): void {
    for (const { condition, line, durationMs } of this.#rules)
      if (condition.event(text)) line.fire(knownMs, durationMs);
  }

  /** Makes ready for another bundle. Errors: as of the constructor. What was true of the last frame before stays so: a switch is no onset. */
  prepare(decoded: Decoded): PreparedOutput {
    const conditions = this.#rules.map(({ when }, i) => this.#bind(when, decoded, i));
    return {
      commit: () =>
        this.#rules.forEach((rule, i) => {
          rule.condition = conditions[i]!;
        }),
    };
  }

  /** Lines that may still be high after their pulse, because nobody answered. */
  get stuck(): number {
    return [...this.#lines.values()].filter(({ level }) => level === "stuck").length;
  }

  /** No more timers; lowers what is or may be high, each once. */
  async close(): Promise<void> {
    await Promise.all([...this.#lines.values()].map((line) => line.close()));
  }
}
