import type { SourceMessage } from "../../src/signal/types.ts";
import type { AdapterContext } from "../define.ts";
import type { OpenEphysMessage } from "./messages.ts";
import type { OpenEphysOptions } from "./options.ts";
import { watchOrder } from "./order.ts";
import { createOutbox } from "./outbox.ts";
import { parseMessage } from "./parse.ts";

/** Turns multipart messages into source messages; counts what it cannot use. No I/O: the adapter feeds and flushes it. */
export interface Intake {
  push(frames: readonly Uint8Array[]): void;
  /** Emits what was gathered since the last flush: spikes as one block, then events, then the clock. */
  flush(): void;
  /** The connection was lost: numbers may start again without that being a repetition. */
  reconnecting(): void;
}

type IntakeOptions = Pick<OpenEphysOptions, "sampleRateHz" | "continuous" | "electrodes">;

/** `emit` gets messages in the order of the wire, except that spikes of one flush go before its events. */
export function createIntake(
  options: IntakeOptions,
  context: AdapterContext,
  emit: (m: SourceMessage) => void,
): Intake {
  const { counters } = context;
  const unitOf = unitLookup(options.electrodes, context.unitLabels);
  const outbox = createOutbox(context, emit);
  const order = watchOrder();
  let rateHz = options.sampleRateHz;
  let complained = false;

  const restart = (why: string) => {
    counters.restarts++;
    context.log("info", "the source's clock started again", { why });
    outbox.restart();
  };
  const refuse = (reason: string) => {
    counters.malformed++;
    context.log(complained ? "debug" : "warn", "malformed message skipped", { reason });
    complained = true;
  };
  /** False for a message that was there before. */
  const inOrder = ({ messageNum, sampleNum }: OpenEphysMessage): boolean => {
    const place = order.see(messageNum, sampleNum, rateHz);
    // With a filtered subscription, numbers are missing because we asked for it.
    if (place.kind === "next") counters.missed += options.continuous ? place.missed : 0;
    else if (place.kind === "duplicate") counters.duplicates++;
    else restart(`message ${messageNum}, sample ${sampleNum} came after later ones`);
    return place.kind !== "duplicate";
  };
  const learnRate = (measuredHz: number) => {
    if (measuredHz === rateHz) return;
    // Times given so far were on another scale: whoever bins them has to anchor anew.
    if (counters.spikes > 0) restart(`sample rate ${rateHz} Hz became ${measuredHz} Hz`);
    rateHz = measuredHz;
  };
  const deliver = (message: OpenEphysMessage) => {
    if (message.kind === "data") learnRate(message.sampleRateHz);
    const time = message.sampleNum / rateHz;
    if (message.kind === "spike") {
      const unit = unitOf(message.electrode, message.sortedId);
      counters[unit === undefined ? "unknownUnits" : "spikes"]++;
      if (unit !== undefined) outbox.spike(time, unit);
    } else if (message.kind === "data") {
      outbox.clock(time + message.numSamples / rateHz);
    } else {
      counters.events++;
      const text = message.kind === "text" ? message.text : `line=${message.line} state=${message.state}`;
      outbox.event({ event: message.kind, text, time });
    }
  };

  return {
    push(frames) {
      counters.messages++;
      const message = parseMessage(frames);
      if (message.kind === "malformed") refuse(message.reason);
      else if (inOrder(message)) deliver(message);
    },
    flush: outbox.flush,
    reconnecting: order.reconnecting,
  };
}

/** Electrode name and sorted id -> index in the bundle's unit list, or undefined. */
function unitLookup(rename: Readonly<Record<string, string>>, labels: readonly string[]) {
  const renamed = new Map(Object.entries(rename));
  const index = new Map(labels.map((label, unit) => [label, unit]));
  return (electrode: string, sortedId: number) => index.get(`${renamed.get(electrode) ?? electrode}.${sortedId}`);
}
