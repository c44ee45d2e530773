import type { SourceEvent, SourceMessage } from "../../src/signal/types.ts";
import type { AdapterContext } from "../define.ts";
import type { DataMessage, OpenEphysMessage, SpikeMessage, TextMessage, TtlMessage } from "./messages.ts";
import type { OpenEphysOptions } from "./options.ts";
import { watchOrder } from "./order.ts";
import { parseMessage } from "./parse.ts";
import { createSpikeBatch } from "./spike-batch.ts";

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
  const { source, counters, now } = context;
  const unitOf = unitLookup(options.electrodes, context.unitLabels);
  const order = watchOrder();
  const spikes = createSpikeBatch();
  let waiting: Pick<SourceEvent, "event" | "text" | "time">[] = [];
  let rateHz = options.sampleRateHz;
  let clockS = Number.NaN;
  let seq = 0;
  let complained = false;

  const flush = () => {
    const receivedAtMs = now();
    if (spikes.length > 0) emit({ kind: "spikes", source, seq: seq++, ...spikes.take(), receivedAtMs });
    const events = waiting;
    waiting = [];
    for (const event of events) emit({ kind: "event", source, ...event, receivedAtMs });
    if (!Number.isNaN(clockS)) emit({ kind: "clock", source, time: clockS, receivedAtMs });
    clockS = Number.NaN;
  };
  const restart = (why: string) => {
    flush();
    counters.restarts++;
    context.log("info", "the source's clock started again", { why });
    emit({ kind: "restart", source, receivedAtMs: now() });
  };
  const onSpike = ({ electrode, sortedId, sampleNum }: SpikeMessage) => {
    const unit = unitOf(electrode, sortedId);
    if (unit === undefined) {
      counters.unknownUnits++;
      return;
    }
    counters.spikes++;
    spikes.push(sampleNum / rateHz, unit);
  };
  const onData = ({ sampleNum, numSamples, sampleRateHz }: DataMessage) => {
    if (sampleRateHz !== rateHz) {
      // Times given so far were on another scale: whoever bins them has to anchor anew.
      if (counters.spikes > 0) restart(`sample rate ${rateHz} Hz became ${sampleRateHz} Hz`);
      rateHz = sampleRateHz;
    }
    clockS = (sampleNum + numSamples) / rateHz;
  };
  const onEvent = (message: TextMessage | TtlMessage) => {
    counters.events++;
    const text = message.kind === "text" ? message.text : `line=${message.line} state=${message.state}`;
    waiting.push({ event: message.kind, text, time: message.sampleNum / rateHz });
  };
  const accept = (message: OpenEphysMessage): boolean => {
    const place = order.see(message.messageNum, message.sampleNum, rateHz);
    // With a filtered subscription, numbers are missing because we asked for it.
    if (place.kind === "next") counters.missed += options.continuous ? place.missed : 0;
    else if (place.kind === "duplicate") counters.duplicates++;
    else restart(`message ${message.messageNum}, sample ${message.sampleNum} came after later ones`);
    return place.kind !== "duplicate";
  };
  const refuse = (reason: string) => {
    counters.malformed++;
    context.log(complained ? "debug" : "warn", "malformed message skipped", { reason });
    complained = true;
  };

  return {
    push(frames) {
      counters.messages++;
      const message = parseMessage(frames);
      if (message.kind === "malformed") refuse(message.reason);
      else if (!accept(message)) return;
      else if (message.kind === "spike") onSpike(message);
      else if (message.kind === "data") onData(message);
      else onEvent(message);
    },
    flush,
    reconnecting: order.reconnecting,
  };
}

/** Electrode name and sorted id -> index in the bundle's unit list, or undefined. */
function unitLookup(rename: Readonly<Record<string, string>>, labels: readonly string[]) {
  const renamed = new Map(Object.entries(rename));
  const index = new Map(labels.map((label, unit) => [label, unit]));
  return (electrode: string, sortedId: number) => index.get(`${renamed.get(electrode) ?? electrode}.${sortedId}`);
}
