import type { SourceMessage } from "../../src/signal/types.ts";
import type { AdapterContext } from "../define.ts";
import { type ChannelDetector, channelDetector, channelName, float32Samples } from "../detection/channels.ts";
import { malformedCounter } from "../zeromq/complaints.ts";
import { type OrderWatch, watchOrder } from "../zeromq/order.ts";
import { createOutbox, type Outbox } from "../zeromq/outbox.ts";
import { chooseStream, type StreamChoice } from "../zeromq/stream.ts";
import type { Intake } from "../zeromq/subscribe.ts";
import { type UnitMap, unitMap } from "../zeromq/units.ts";
import type { DataMessage, OpenEphysMessage, SpikeMessage, TextMessage, TtlMessage } from "./messages.ts";
import type { OpenEphysOptions } from "./options.ts";
import { parseMessage } from "./parse.ts";

type IntakeOptions = Pick<OpenEphysOptions, "sampleRateHz" | "continuous" | "electrodes"> &
  Partial<Pick<OpenEphysOptions, "stream" | "detect">>;

/** `emit` gets messages in the order of the wire, except that spikes of one flush go before its events. */
export function createIntake(
  options: IntakeOptions,
  context: AdapterContext,
  emit: (message: SourceMessage) => void,
): Intake {
  return new OpenEphysIntake(options, context, emit);
}

class OpenEphysIntake implements Intake {
  readonly #context: AdapterContext;
  readonly #units: UnitMap;
  readonly #outbox: Outbox;
  readonly #order: OrderWatch;
  readonly #streams: StreamChoice;
  readonly #refuse: (reason: string) => void;
  #detector: ChannelDetector | undefined;
  #rateHz: number;

  constructor(options: IntakeOptions, context: AdapterContext, emit: (message: SourceMessage) => void) {
    const { counters, log } = context;
    this.#context = context;
    this.#units = unitMap(options.electrodes, context);
    this.#outbox = createOutbox(context, emit);
    this.#order = watchOrder(counters, { gapsAreLosses: options.continuous });
    this.#streams = chooseStream(options.stream, log);
    this.#refuse = malformedCounter(counters, log);
    this.#rateHz = options.sampleRateHz;
    if (options.detect === undefined) return;
    const found = (sampleNum: number, unit: number) => {
      counters.spikes++;
      this.#outbox.spike(sampleNum / this.#rateHz, unit);
    };
    this.#detector = channelDetector(options.detect, (name) => this.#units.unit(name, 0), log, found);
    this.#detector.reset(this.#rateHz);
  }

  push(frames: readonly Uint8Array[]): void {
    const { counters } = this.#context;
    counters.messages++;
    const message = parseMessage(frames);
    if (message.kind === "malformed") {
      this.#refuse(message.reason);
      return;
    }
    // Another stream counts samples on another clock, but messages in the same sequence.
    const sampleNum = this.#streams.isOurs(message.stream) ? message.sampleNum : Number.NaN;
    const place = this.#order.see(message.messageNum, sampleNum, this.#rateHz);
    if (place.kind === "duplicate") return;
    if (place.kind === "odd") {
      this.#refuse(`sample number ${sampleNum} amid others that are far from it`);
      return;
    }
    if (place.kind === "restart") {
      this.#streams.restart();
      this.#restart(`message ${message.messageNum}, sample ${message.sampleNum} came after later ones`);
    }
    if (this.#streams.isOurs(message.stream)) this.#deliver(message);
    else counters.ignored++;
  }

  flush(): void {
    this.#outbox.flush();
    this.#units.report();
  }

  reconnecting(): void {
    this.#order.reconnecting();
    this.#streams.restart();
  }

  #deliver(message: OpenEphysMessage): void {
    if (message.kind === "spike") this.#deliverSpike(message);
    else if (message.kind === "data") this.#deliverData(message);
    else this.#deliverEvent(message);
  }

  #deliverSpike({ electrode, sortedId, sampleNum }: SpikeMessage): void {
    const { counters, log } = this.#context;
    if (this.#detector !== undefined) {
      this.#detector = undefined;
      log("warn", "the rig sends spikes of its own: none are looked for in its continuous data any more");
    }
    const unit = this.#units.unit(electrode, sortedId);
    counters[unit === undefined ? "unknownUnits" : "spikes"]++;
    if (unit !== undefined) this.#outbox.spike(sampleNum / this.#rateHz, unit);
  }

  #deliverData({ channel, channelName: name, sampleNum, numSamples, sampleRateHz, payload }: DataMessage): void {
    this.#learnRate(sampleRateHz);
    this.#detector?.push(channelName(channel, name), sampleNum, float32Samples(payload));
    this.#outbox.clock((sampleNum + numSamples) / this.#rateHz);
  }

  #deliverEvent(message: TtlMessage | TextMessage): void {
    this.#context.counters.events++;
    const text = message.kind === "text" ? message.text : `line=${message.line} state=${message.state}`;
    this.#outbox.event({ event: message.kind, text, time: message.sampleNum / this.#rateHz });
  }

  #learnRate(measuredHz: number): void {
    if (measuredHz === this.#rateHz) return;
    const before = this.#rateHz;
    this.#rateHz = measuredHz;
    // Times given so far were on another scale: whoever bins them has to anchor anew.
    if (this.#context.counters.spikes > 0) this.#restart(`sample rate ${before} Hz became ${measuredHz} Hz`);
    this.#detector?.reset(measuredHz);
  }

  #restart(why: string): void {
    this.#context.counters.restarts++;
    this.#context.log("info", "the source's clock started again", { why });
    this.#outbox.restart();
    this.#detector?.reset(this.#rateHz);
  }
}
