import type { SourceMessage } from "../../src/signal/types.ts";
import type { AdapterContext } from "../define.ts";
import { channelDetector, channelName, float32Samples } from "../detection/channels.ts";
import { watchOrder } from "../zeromq/order.ts";
import { createOutbox } from "../zeromq/outbox.ts";
import { chooseStream } from "../zeromq/stream.ts";
import type { Intake } from "../zeromq/subscribe.ts";
import { unitMap } from "../zeromq/units.ts";
import type { DataMessage, OpenEphysMessage } from "./messages.ts";
import type { OpenEphysOptions } from "./options.ts";
import { parseMessage } from "./parse.ts";

type IntakeOptions = Pick<OpenEphysOptions, "sampleRateHz" | "continuous" | "electrodes"> &
  Partial<Pick<OpenEphysOptions, "stream" | "detect">>;

/** `emit` gets messages in the order of the wire, except that spikes of one flush go before its events. */
export function createIntake(
  options: IntakeOptions,
  context: AdapterContext,
  emit: (m: SourceMessage) => void,
): Intake {
  const { counters, log } = context;
  const units = unitMap(options.electrodes, context);
  const outbox = createOutbox(context, emit);
  const order = watchOrder(counters, { gapsAreLosses: options.continuous });
  const streams = chooseStream(options.stream, log);
  let rateHz = options.sampleRateHz;
  let complained = false;
  let detector = options.detect && makeDetector(options.detect);

  function makeDetector(detect: NonNullable<IntakeOptions["detect"]>) {
    const made = channelDetector(
      detect,
      (name) => units.unit(name, 0),
      log,
      (sampleNum, unit) => {
        counters.spikes++;
        outbox.spike(sampleNum / rateHz, unit);
      },
    );
    made.reset(rateHz);
    return made;
  }
  const restart = (why: string) => {
    counters.restarts++;
    log("info", "the source's clock started again", { why });
    outbox.restart();
    detector?.reset(rateHz);
  };
  const refuse = (reason: string) => {
    counters.malformed++;
    log(complained ? "debug" : "warn", "malformed message skipped", { reason });
    complained = true;
  };
  /** False for a message that was there before. */
  const inOrder = (messageNum: number, sampleNum: number): boolean => {
    const place = order.see(messageNum, sampleNum, rateHz);
    if (place.kind === "restart") {
      streams.restart();
      restart(`message ${messageNum}, sample ${sampleNum} came after later ones`);
    }
    return place.kind !== "duplicate";
  };
  const learnRate = (measuredHz: number) => {
    if (measuredHz === rateHz) return;
    const before = rateHz;
    rateHz = measuredHz;
    // Times given so far were on another scale: whoever bins them has to anchor anew.
    if (counters.spikes > 0) restart(`sample rate ${before} Hz became ${measuredHz} Hz`);
    detector?.reset(rateHz);
  };
  const deliverData = (message: DataMessage) => {
    learnRate(message.sampleRateHz);
    const { channel, channelName: name, sampleNum, payload } = message;
    detector?.push(channelName(channel, name), sampleNum, float32Samples(payload));
    outbox.clock((sampleNum + message.numSamples) / rateHz);
  };
  const deliverSpike = (electrode: string, sortedId: number, sampleNum: number) => {
    if (detector !== undefined) {
      detector = undefined;
      log("warn", "the rig sends spikes of its own: none are looked for in its continuous data any more");
    }
    const unit = units.unit(electrode, sortedId);
    counters[unit === undefined ? "unknownUnits" : "spikes"]++;
    if (unit !== undefined) outbox.spike(sampleNum / rateHz, unit);
  };
  const deliver = (message: OpenEphysMessage) => {
    if (message.kind === "spike") return deliverSpike(message.electrode, message.sortedId, message.sampleNum);
    if (message.kind === "data") return deliverData(message);
    counters.events++;
    const text = message.kind === "text" ? message.text : `line=${message.line} state=${message.state}`;
    outbox.event({ event: message.kind, text, time: message.sampleNum / rateHz });
  };

  return {
    push(frames) {
      counters.messages++;
      const message = parseMessage(frames);
      if (message.kind === "malformed") return refuse(message.reason);
      // Another stream counts samples on another clock, but messages in the same sequence.
      const sampleNum = streams.isOurs(message.stream) ? message.sampleNum : Number.NaN;
      if (!inOrder(message.messageNum, sampleNum)) return;
      if (streams.isOurs(message.stream)) deliver(message);
      else counters.ignored++;
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
