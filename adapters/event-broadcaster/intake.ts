import type { SourceMessage } from "../../src/signal/types.ts";
import type { AdapterContext } from "../define.ts";
import { malformedCounter } from "../zeromq/complaints.ts";
import { createOutbox, type Outbox } from "../zeromq/outbox.ts";
import { chooseStream, type StreamChoice } from "../zeromq/stream.ts";
import type { Intake } from "../zeromq/subscribe.ts";
import { type UnitMap, unitMap } from "../zeromq/units.ts";
import type { BroadcastSpike, BroadcastTtl } from "./messages.ts";
import type { BroadcasterOptions } from "./options.ts";
import { parseBroadcast } from "./parse.ts";
import { watchSamples } from "./samples.ts";

type IntakeOptions = Pick<BroadcasterOptions, "stream" | "sampleRateHz" | "electrodes">;

/** The plugin numbers no messages: what is lost on the way cannot be known, and `missed` stays 0. */
export function createBroadcastIntake(
  options: IntakeOptions,
  context: AdapterContext,
  emit: (message: SourceMessage) => void,
): Intake {
  return new BroadcastIntake(options, context, emit);
}

class BroadcastIntake implements Intake {
  readonly #context: AdapterContext;
  readonly #units: UnitMap;
  readonly #streams: StreamChoice;
  readonly #outbox: Outbox;
  readonly #samples = watchSamples();
  readonly #refuse: (reason: string) => void;
  #rateHz: number;

  constructor(options: IntakeOptions, context: AdapterContext, emit: (message: SourceMessage) => void) {
    this.#context = context;
    this.#units = unitMap(options.electrodes, context);
    this.#streams = chooseStream(options.stream, context.log);
    this.#outbox = createOutbox(context, emit);
    this.#refuse = malformedCounter(context.counters, context.log);
    this.#rateHz = options.sampleRateHz;
  }

  push(frames: readonly Uint8Array[]): void {
    const { counters } = this.#context;
    counters.messages++;
    const message = parseBroadcast(frames);
    if (message.kind === "malformed") this.#refuse(message.reason);
    else if (!this.#streams.isOurs(message.stream)) counters.ignored++;
    else this.#place(message);
  }

  flush(): void {
    this.#outbox.flush();
    this.#units.report();
  }

  reconnecting(): void {
    this.#samples.reconnecting();
    this.#streams.restart();
  }

  #place(message: BroadcastSpike | BroadcastTtl): void {
    this.#learnRate(message.sampleRateHz);
    const place = this.#samples.see(keyOf(message), message.sampleNum, this.#rateHz);
    if (place === "duplicate") this.#context.counters.duplicates++;
    if (place === "restart") this.#restart(`sample ${message.sampleNum} came after later ones`);
    if (place !== "duplicate") this.#deliver(message);
  }

  #deliver(message: BroadcastSpike | BroadcastTtl): void {
    const { counters } = this.#context;
    const time = message.sampleNum / this.#rateHz;
    if (message.kind === "ttl") {
      counters.events++;
      this.#outbox.event({ event: "ttl", text: `line=${message.line} state=${message.state}`, time });
      return;
    }
    const unit = this.#units.unit(message.electrode, message.sortedId);
    counters[unit === undefined ? "unknownUnits" : "spikes"]++;
    if (unit !== undefined) this.#outbox.spike(time, unit);
  }

  #learnRate(sampleRateHz: number | undefined): void {
    if (sampleRateHz === undefined || sampleRateHz === this.#rateHz) return;
    if (this.#context.counters.spikes > 0) this.#restart(`sample rate ${this.#rateHz} Hz became ${sampleRateHz} Hz`);
    this.#rateHz = sampleRateHz;
  }

  #restart(why: string): void {
    this.#context.counters.restarts++;
    this.#context.log("info", "the source's clock started again", { why });
    this.#outbox.restart();
  }
}

/** Two messages with one key and one sample number are the same one: a unit does not spike twice in a sample. */
function keyOf(message: BroadcastSpike | BroadcastTtl): string {
  return message.kind === "ttl" ? `${message.line}=${message.state}` : `${message.electrode}.${message.sortedId}`;
}
