/** What the numbers of a message say about its place in the stream; `missed` messages are missing before it. */
export type Place = { readonly kind: "next"; readonly missed: number } | { readonly kind: "duplicate" | "restart" };

/** Watches `message_num` and `sample_num` of one connection. */
export interface OrderWatch {
  /** Place of a message. `farBack` is how many samples back means another acquisition. */
  see(messageNum: number, sampleNum: number, farBack: number): Place;
  /** The peer went away: what comes next may repeat old numbers and is no duplicate for that. */
  reconnecting(): void;
}

const REMEMBERED = 64;
/** Reconnecting takes 100 ms or more: samples of the same acquisition are later then, save for the order within a block (23 ms). */
const AFTER_RECONNECT = 0.05;
const NEXT: Place = { kind: "next", missed: 0 };
const DUPLICATE: Place = { kind: "duplicate" };
const RESTART: Place = { kind: "restart" };

/** `message_num` is one int32 counter over all kinds of message, back to 0 when acquisition starts again. */
export function watchOrder(): OrderWatch {
  // A ring of the newest messages, by message number: a copy has both numbers of one of them.
  const numbers = new Float64Array(REMEMBERED).fill(Number.NaN);
  const samples = new Float64Array(REMEMBERED);
  let lastNum = Number.NaN;
  let highestSample = -1;
  let reconnected = false;

  const remember = (messageNum: number, sampleNum: number, slot: number) => {
    numbers[slot] = messageNum;
    samples[slot] = sampleNum;
    lastNum = messageNum;
    if (sampleNum > highestSample) highestSample = sampleNum;
  };
  const startOver = () => {
    numbers.fill(Number.NaN);
    highestSample = -1;
  };
  return {
    see(messageNum, sampleNum, farBack) {
      const slot = messageNum & (REMEMBERED - 1);
      if (numbers[slot] === messageNum && samples[slot] === sampleNum) return DUPLICATE;
      // int32 arithmetic: the counter wraps after 31 h at 19,200 messages/s, which is no restart.
      const step = Number.isNaN(lastNum) ? 1 : (messageNum - lastNum) | 0;
      const slack = reconnected ? farBack * AFTER_RECONNECT : farBack;
      const back = step <= 0 || sampleNum < highestSample - slack;
      reconnected = false;
      if (back) startOver();
      remember(messageNum, sampleNum, slot);
      if (back) return RESTART;
      return step === 1 ? NEXT : { kind: "next", missed: step - 1 };
    },
    reconnecting: () => {
      numbers.fill(Number.NaN);
      reconnected = true;
    },
  };
}
