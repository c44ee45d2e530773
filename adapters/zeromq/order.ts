import type { SourceCounters } from "../../src/signal/types.ts";

/**
 * What the numbers of a message say about its place in the stream. `next`: `missed` messages are missing before it; `late`: it was overtaken
 * by later ones, and counted as missing until now; `odd`: a sample number about 0 out of nowhere, which is no time, unless the next one agrees.
 */
export type Place =
  | { readonly kind: "next"; readonly missed: number }
  | { readonly kind: "duplicate" | "restart" | "late" | "odd" };

/** Watches the numbers of the messages of one connection, and counts `missed` and `duplicates`. */
export interface OrderWatch {
  /** Place of a message; its sample number is NaN when it counts on another clock. `farBack` is how many samples back means another acquisition. */
  see(messageNum: number, sampleNum: number, farBack: number): Place;
  /** The peer went away: what comes next may repeat old numbers and is no duplicate for that. */
  reconnecting(): void;
}

const REMEMBERED = 64;
/** Within a block (23 ms) samples are out of order, and reconnecting takes 100 ms or more: this part of a second tells both from a restart. */
const NEAR = 0.05;
/** A time stamp of zero, or of next to nothing, as drivers give when they have none: this part of a second. */
const ZERO = 0.001;
const NEXT: Place = { kind: "next", missed: 0 };
const DUPLICATE: Place = { kind: "duplicate" };
const RESTART: Place = { kind: "restart" };
const LATE: Place = { kind: "late" };
const ODD: Place = { kind: "odd" };

/**
 * `message_num` is one int32 counter over all kinds of message, back to 0 when acquisition starts again. Gaps are losses only if
 * `gapsAreLosses`: with a filtered subscription, numbers are missing because we asked for it.
 */
export function watchOrder(
  counters: Pick<SourceCounters, "missed" | "duplicates">,
  { gapsAreLosses = true }: { readonly gapsAreLosses?: boolean } = {},
): OrderWatch {
  return new Order(counters, gapsAreLosses);
}

class Order implements OrderWatch {
  readonly #counters: Pick<SourceCounters, "missed" | "duplicates">;
  readonly #gapsAreLosses: boolean;
  // A ring of the newest messages, by message number: a copy has both numbers of one of them.
  readonly #numbers = new Float64Array(REMEMBERED).fill(Number.NaN);
  readonly #samples = new Float64Array(REMEMBERED);
  #firstNum = Number.NaN;
  #lastNum = Number.NaN;
  #highestSample = -1;
  #reconnected = false;
  #wasOdd = false;

  constructor(counters: Pick<SourceCounters, "missed" | "duplicates">, gapsAreLosses: boolean) {
    this.#counters = counters;
    this.#gapsAreLosses = gapsAreLosses;
  }

  see(messageNum: number, sampleNum: number, farBack: number): Place {
    const slot = messageNum & (REMEMBERED - 1);
    const known = this.#numbers[slot] === messageNum;
    if (known && Object.is(this.#samples[slot], sampleNum)) {
      this.#counters.duplicates++;
      return DUPLICATE;
    }
    // int32 arithmetic: the counter wraps after 31 h at 19,200 messages/s, which is no restart.
    const step = Number.isNaN(this.#lastNum) ? 1 : (messageNum - this.#lastNum) | 0;
    if (known || !this.#overtaken(step, sampleNum, farBack)) return this.#goOn(step, messageNum, sampleNum, farBack);
    if (((messageNum - this.#firstNum) | 0) > 0) this.#count(-1);
    this.#remember(messageNum, sampleNum);
    return LATE;
  }

  reconnecting(): void {
    this.#numbers.fill(Number.NaN);
    this.#reconnected = true;
  }

  #goOn(step: number, messageNum: number, sampleNum: number, farBack: number): Place {
    const slack = this.#reconnected ? farBack * NEAR : farBack;
    const samplesBack = sampleNum < this.#highestSample - slack;
    const back = step <= 0 || samplesBack;
    const odd = step > 0 && samplesBack && sampleNum < farBack * ZERO && !this.#reconnected && !this.#wasOdd;
    this.#wasOdd = odd;
    this.#reconnected = false;
    if (odd) return this.#skip(step, messageNum);
    if (back || Number.isNaN(this.#lastNum)) this.#startOver(messageNum);
    this.#lastNum = messageNum;
    this.#remember(messageNum, sampleNum);
    if (back) return RESTART;
    if (step === 1) return NEXT;
    this.#count(step - 1);
    return { kind: "next", missed: step - 1 };
  }

  /** A message without a time: it counts in the sequence, and nowhere else. */
  #skip(step: number, messageNum: number): Place {
    this.#lastNum = messageNum;
    this.#count(step - 1);
    return ODD;
  }

  /** A message that later ones overtook: its number was skipped a moment ago, and its samples are of that moment. */
  #overtaken(step: number, sampleNum: number, farBack: number): boolean {
    if (step >= 0 || step <= -REMEMBERED || this.#reconnected) return false;
    return !(sampleNum < this.#highestSample - farBack * NEAR);
  }

  #remember(messageNum: number, sampleNum: number): void {
    const slot = messageNum & (REMEMBERED - 1);
    this.#numbers[slot] = messageNum;
    this.#samples[slot] = sampleNum;
    if (sampleNum > this.#highestSample) this.#highestSample = sampleNum;
  }

  #startOver(messageNum: number): void {
    this.#numbers.fill(Number.NaN);
    this.#highestSample = -1;
    this.#firstNum = messageNum;
  }

  #count(missed: number): void {
    if (this.#gapsAreLosses) this.#counters.missed += missed;
  }
}
