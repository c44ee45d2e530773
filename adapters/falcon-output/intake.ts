import type { SourceMessage } from "../../src/signal/types.ts";
import type { AdapterContext } from "../define.ts";
import { type ChannelDetector, channelDetector, channelName, float32Samples } from "../detection/channels.ts";
import type { DetectOptions } from "../detection/options.ts";
import { malformedCounter } from "../zeromq/complaints.ts";
import { type OrderWatch, watchOrder } from "../zeromq/order.ts";
import { createOutbox, type Outbox } from "../zeromq/outbox.ts";
import { chooseStream, type StreamChoice } from "../zeromq/stream.ts";
import type { Intake } from "../zeromq/subscribe.ts";
import { type UnitMap, unitMap } from "../zeromq/units.ts";
import { type LineWatch, watchLines } from "./lines.ts";
import type { FalconOptions } from "./options.ts";
import { type FalconBlock, parseBlock } from "./parse.ts";

type IntakeOptions = Pick<FalconOptions, "stream" | "electrodes"> & { readonly detect: DetectOptions };

/** Blocks -> spikes by threshold, lines of the event codes -> TTL events, the end of a block -> the source's clock. */
export function createFalconIntake(
  options: IntakeOptions,
  context: AdapterContext,
  emit: (message: SourceMessage) => void,
): Intake {
  return new FalconIntake(options, context, emit);
}

class FalconIntake implements Intake {
  readonly #context: AdapterContext;
  readonly #units: UnitMap;
  readonly #streams: StreamChoice;
  readonly #outbox: Outbox;
  readonly #order: OrderWatch;
  readonly #detector: ChannelDetector;
  readonly #refuse: (reason: string) => void;
  #lines: LineWatch = watchLines();
  #rateHz = Number.NaN;
  #nextSample = Number.NaN;

  constructor(options: IntakeOptions, context: AdapterContext, emit: (message: SourceMessage) => void) {
    const { counters, log } = context;
    this.#context = context;
    this.#units = unitMap(options.electrodes, context);
    this.#streams = chooseStream(options.stream, log);
    this.#outbox = createOutbox(context, emit);
    this.#order = watchOrder(counters);
    this.#refuse = malformedCounter(counters, log);
    const found = (sampleNum: number, unit: number) => {
      counters.spikes++;
      this.#outbox.spike(sampleNum / this.#rateHz, unit);
    };
    this.#detector = channelDetector(options.detect, (name) => this.#units.unit(name, 0), log, found);
  }

  push(frames: readonly Uint8Array[]): void {
    const { counters } = this.#context;
    counters.messages++;
    const block = parseBlock(frames);
    if (block.kind === "malformed") this.#refuse(block.reason);
    else if (!this.#streams.isOurs(block.stream)) counters.ignored++;
    else this.#place(block);
  }

  flush(): void {
    this.#outbox.flush();
    this.#units.report();
  }

  reconnecting(): void {
    this.#order.reconnecting();
    this.#streams.restart();
  }

  #place(block: FalconBlock): void {
    const { messageId, sampleNum, sampleRateHz } = block;
    const place = this.#order.see(Number(BigInt.asIntN(32, messageId)), sampleNum, sampleRateHz);
    if (place.kind === "duplicate") return;
    if (place.kind === "odd") {
      this.#refuse(`sample number ${sampleNum} amid others that are far from it`);
      return;
    }
    if (place.kind === "restart") {
      this.#streams.restart();
      this.#restart(`message ${messageId}, sample ${sampleNum} came after later ones`, sampleRateHz);
    } else if (Number.isNaN(this.#rateHz)) this.#startOver(sampleRateHz);
    else if (this.#rateHz !== sampleRateHz)
      this.#restart(`sample rate ${this.#rateHz} Hz became ${sampleRateHz} Hz`, sampleRateHz);
    if (place.kind === "next") this.#countLost(place.missed, block);
    this.#deliver(block);
    // What a block that was overtaken says of the lines is old: the ones after it said it already.
    if (place.kind !== "late") this.#deliverLines(block);
  }

  #deliver({ samples, channels, numSamples, sampleNum }: FalconBlock): void {
    const all = float32Samples(samples);
    for (let channel = 0; channel < channels; channel++) {
      const own = all.subarray(channel * numSamples, (channel + 1) * numSamples);
      this.#detector.push(channelName(channel), sampleNum, own);
    }
    const end = sampleNum + numSamples;
    this.#nextSample = Number.isNaN(this.#nextSample) ? end : Math.max(this.#nextSample, end);
    this.#outbox.clock(this.#nextSample / this.#rateHz);
  }

  #deliverLines({ eventCodes, sampleNum }: FalconBlock): void {
    this.#lines(eventCodes, (line, state, sample) => {
      this.#context.counters.events++;
      const time = (sampleNum + sample) / this.#rateHz;
      this.#outbox.event({ event: "ttl", text: `line=${line} state=${state}`, time });
    });
  }

  /** Every channel of every block is asked for: numbers that are missing are lost, whichever of the two says so. */
  #countLost(missedMessages: number, { sampleNum, numSamples }: FalconBlock): void {
    const missedBlocks = sampleNum > this.#nextSample ? Math.ceil((sampleNum - this.#nextSample) / numSamples) : 0;
    this.#context.counters.missed += Math.max(0, missedBlocks - missedMessages);
  }

  #restart(why: string, sampleRateHz: number): void {
    this.#context.counters.restarts++;
    this.#context.log("info", "the source's clock started again", { why });
    this.#outbox.restart();
    this.#startOver(sampleRateHz);
  }

  #startOver(sampleRateHz: number): void {
    this.#rateHz = sampleRateHz;
    this.#nextSample = Number.NaN;
    this.#lines = watchLines();
    this.#detector.reset(sampleRateHz);
  }
}
