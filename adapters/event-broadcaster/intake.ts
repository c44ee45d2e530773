import type { SourceMessage } from "../../src/signal/types.ts";
import type { AdapterContext } from "../define.ts";
import { createOutbox } from "../zeromq/outbox.ts";
import { chooseStream } from "../zeromq/stream.ts";
import type { Intake } from "../zeromq/subscribe.ts";
import { unitMap } from "../zeromq/units.ts";
import type { BroadcastSpike, BroadcastTtl } from "./messages.ts";
import type { BroadcasterOptions } from "./options.ts";
import { parseBroadcast } from "./parse.ts";
import { watchSamples } from "./samples.ts";

/** The plugin numbers no messages: what is lost on the way cannot be known, and `missed` stays 0. */
export function createBroadcastIntake(
  options: Pick<BroadcasterOptions, "stream" | "sampleRateHz" | "electrodes">,
  context: AdapterContext,
  emit: (message: SourceMessage) => void,
): Intake {
  const { counters, log } = context;
  const units = unitMap(options.electrodes, context);
  const streams = chooseStream(options.stream, log);
  const outbox = createOutbox(context, emit);
  const samples = watchSamples();
  let rateHz = options.sampleRateHz;
  let complained = false;

  const refuse = (reason: string) => {
    counters.malformed++;
    log(complained ? "debug" : "warn", "malformed message skipped", { reason });
    complained = true;
  };
  const restart = (why: string) => {
    counters.restarts++;
    log("info", "the source's clock started again", { why });
    outbox.restart();
  };
  const learnRate = (sampleRateHz: number | undefined) => {
    if (sampleRateHz === undefined || sampleRateHz === rateHz) return;
    if (counters.spikes > 0) restart(`sample rate ${rateHz} Hz became ${sampleRateHz} Hz`);
    rateHz = sampleRateHz;
  };
  const deliver = (message: BroadcastSpike | BroadcastTtl) => {
    const time = message.sampleNum / rateHz;
    if (message.kind === "ttl") {
      counters.events++;
      return outbox.event({ event: "ttl", text: `line=${message.line} state=${message.state}`, time });
    }
    const unit = units.unit(message.electrode, message.sortedId);
    counters[unit === undefined ? "unknownUnits" : "spikes"]++;
    if (unit !== undefined) outbox.spike(time, unit);
  };
  return {
    push(frames) {
      counters.messages++;
      const message = parseBroadcast(frames);
      if (message.kind === "malformed") return refuse(message.reason);
      if (!streams.isOurs(message.stream)) return void counters.ignored++;
      learnRate(message.sampleRateHz);
      const place = samples.see(keyOf(message), message.sampleNum, rateHz);
      if (place === "duplicate") return void counters.duplicates++;
      if (place === "restart") restart(`sample ${message.sampleNum} came after later ones`);
      deliver(message);
    },
    flush() {
      outbox.flush();
      units.report();
    },
    reconnecting() {
      samples.reconnecting();
      streams.restart();
    },
  };
}

/** Two messages with one key and one sample number are the same one: a unit does not spike twice in a sample. */
function keyOf(message: BroadcastSpike | BroadcastTtl): string {
  return message.kind === "ttl" ? `${message.line}=${message.state}` : `${message.electrode}.${message.sortedId}`;
}
