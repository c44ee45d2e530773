import type { SourceCounters } from "../../src/signal/types.ts";

/**
 * What the numbers of a message say about its place in the stream. `next`: `missed` messages are missing before it; `late`: it was overtaken
 * by later ones, and counted as missing until now.
 */
export type Place =
  | { readonly kind: "next"; readonly missed: number }
  | { readonly kind: "duplicate" | "restart" | "late" };

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
const NEXT: Place = { kind: "next", missed: 0 };
const DUPLICATE: Place = { kind: "duplicate" };
const RESTART: Place = { kind: "restart" };
const LATE: Place = { kind: "late" };

/**
 * `message_num` is one int32 counter over all kinds of message, back to 0 when acquisition starts again. Gaps are losses only if
 * `gapsAreLosses`: with a filtered subscription, numbers are missing because we asked for it.
 */
export function watchOrder(
  counters: Pick<SourceCounters, "missed" | "duplicates">,
  { gapsAreLosses = true }: { readonly gapsAreLosses?: boolean } = {},
): OrderWatch {
  // A ring of the newest messages, by message number: a copy has both numbers of one of them.
  const numbers = new Float64Array(REMEMBERED).fill(Number.NaN);
  const samples = new Float64Array(REMEMBERED);
  let firstNum = Number.NaN;
  let lastNum = Number.NaN;
  let highestSample = -1;
  let reconnected = false;

  const remember = (messageNum: number, sampleNum: number) => {
    const slot = messageNum & (REMEMBERED - 1);
    numbers[slot] = messageNum;
    samples[slot] = sampleNum;
    if (sampleNum > highestSample) highestSample = sampleNum;
  };
  const startOver = (messageNum: number) => {
    numbers.fill(Number.NaN);
    highestSample = -1;
    firstNum = messageNum;
  };
  const count = (missed: number) => {
    counters.missed += gapsAreLosses ? missed : 0;
  };
  /** A message that later ones overtook: its number was skipped a moment ago, and its samples are of that moment. */
  const overtaken = (step: number, sampleNum: number, farBack: number) =>
    step < 0 && step > -REMEMBERED && !reconnected && !(sampleNum < highestSample - farBack * NEAR);

  return {
    see(messageNum, sampleNum, farBack) {
      const slot = messageNum & (REMEMBERED - 1);
      if (numbers[slot] === messageNum && Object.is(samples[slot], sampleNum)) {
        counters.duplicates++;
        return DUPLICATE;
      }
      // int32 arithmetic: the counter wraps after 31 h at 19,200 messages/s, which is no restart.
      const step = Number.isNaN(lastNum) ? 1 : (messageNum - lastNum) | 0;
      if (numbers[slot] !== messageNum && overtaken(step, sampleNum, farBack)) {
        if (((messageNum - firstNum) | 0) > 0) count(-1);
        remember(messageNum, sampleNum);
        return LATE;
      }
      const slack = reconnected ? farBack * NEAR : farBack;
      const back = step <= 0 || sampleNum < highestSample - slack;
      reconnected = false;
      if (back || Number.isNaN(lastNum)) startOver(messageNum);
      lastNum = messageNum;
      remember(messageNum, sampleNum);
      if (back) return RESTART;
      if (step === 1) return NEXT;
      count(step - 1);
      return { kind: "next", missed: step - 1 };
    },
    reconnecting: () => {
      numbers.fill(Number.NaN);
      reconnected = true;
    },
  };
}
