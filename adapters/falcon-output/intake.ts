import type { SourceMessage } from "../../src/signal/types.ts";
import type { AdapterContext } from "../define.ts";
import { channelDetector, channelName, float32Samples } from "../detection/channels.ts";
import type { DetectOptions } from "../detection/options.ts";
import { watchOrder } from "../zeromq/order.ts";
import { createOutbox } from "../zeromq/outbox.ts";
import { chooseStream } from "../zeromq/stream.ts";
import type { Intake } from "../zeromq/subscribe.ts";
import { unitMap } from "../zeromq/units.ts";
import type { FalconOptions } from "./options.ts";
import { type FalconBlock, parseBlock } from "./parse.ts";

const LINES = 16;

/** Blocks -> spikes by threshold, lines of the event codes -> TTL events, the end of a block -> the source's clock. */
export function createFalconIntake(
  options: Pick<FalconOptions, "stream" | "electrodes"> & { readonly detect: DetectOptions },
  context: AdapterContext,
  emit: (message: SourceMessage) => void,
): Intake {
  const { counters, log } = context;
  const units = unitMap(options.electrodes, context);
  const streams = chooseStream(options.stream, log);
  const outbox = createOutbox(context, emit);
  const order = watchOrder(counters);
  let rateHz = Number.NaN;
  let nextSample = Number.NaN;
  let word = 0;
  let complained = false;

  const detector = channelDetector(
    options.detect,
    (name) => units.unit(name, 0),
    log,
    (sampleNum, unit) => {
      counters.spikes++;
      outbox.spike(sampleNum / rateHz, unit);
    },
  );
  const startOver = (sampleRateHz: number) => {
    rateHz = sampleRateHz;
    nextSample = Number.NaN;
    word = 0;
    detector.reset(rateHz);
  };
  const restart = (why: string, sampleRateHz: number) => {
    counters.restarts++;
    log("info", "the source's clock started again", { why });
    outbox.restart();
    startOver(sampleRateHz);
  };
  const refuse = (reason: string) => {
    counters.malformed++;
    log(complained ? "debug" : "warn", "malformed message skipped", { reason });
    complained = true;
  };
  /** Every channel of every block is asked for: numbers that are missing are lost, whichever of the two says so. */
  const countLost = (missedMessages: number, { sampleNum, numSamples }: FalconBlock) => {
    const missedBlocks = sampleNum > nextSample ? Math.ceil((sampleNum - nextSample) / numSamples) : 0;
    counters.missed += Math.max(0, missedBlocks - missedMessages);
  };
  const lines = (codes: Uint8Array, firstSample: number) => {
    for (let at = 0; at < codes.length; at += 2) {
      const next = codes[at]! | (codes[at + 1]! << 8);
      for (let line = 0, changed = next ^ word; changed !== 0 && line < LINES; line++, changed >>= 1) {
        if ((changed & 1) === 0) continue;
        counters.events++;
        const text = `line=${line} state=${(next >> line) & 1}`;
        outbox.event({ event: "ttl", text, time: (firstSample + at / 2) / rateHz });
      }
      word = next;
    }
  };
  const deliver = (block: FalconBlock) => {
    const { samples, channels, numSamples, sampleNum } = block;
    const all = float32Samples(samples);
    for (let channel = 0; channel < channels; channel++) {
      const own = all.subarray(channel * numSamples, (channel + 1) * numSamples);
      detector.push(channelName(channel), sampleNum, own);
    }
    nextSample = Number.isNaN(nextSample) ? sampleNum + numSamples : Math.max(nextSample, sampleNum + numSamples);
    outbox.clock(nextSample / rateHz);
  };
  return {
    push(frames) {
      counters.messages++;
      const block = parseBlock(frames);
      if (block.kind === "malformed") return refuse(block.reason);
      if (!streams.isOurs(block.stream)) return void counters.ignored++;
      const place = order.see(Number(BigInt.asIntN(32, block.messageId)), block.sampleNum, block.sampleRateHz);
      if (place.kind === "duplicate") return;
      if (place.kind === "restart") {
        streams.restart();
        restart(`message ${block.messageId}, sample ${block.sampleNum} came after later ones`, block.sampleRateHz);
      } else if (Number.isNaN(rateHz)) startOver(block.sampleRateHz);
      else if (rateHz !== block.sampleRateHz)
        restart(`sample rate ${rateHz} Hz became ${block.sampleRateHz} Hz`, block.sampleRateHz);
      if (place.kind === "next") countLost(place.missed, block);
      deliver(block);
      // What a block that was overtaken says of the lines is old: the ones after it said it already.
      if (place.kind !== "late") lines(block.eventCodes, block.sampleNum);
    },
    flush() {
      outbox.flush();
      units.report();
    },
    reconnecting() {
      order.reconnecting();
      streams.restart();
    },
  };
}
