import { type AdapterContext, defineAdapter } from "../define.ts";
import { subscribeTo } from "../zeromq/subscribe.ts";
import { keepHeartbeat } from "./heartbeat.ts";
import { createIntake } from "./intake.ts";
import { heartbeatEndpoint, type OpenEphysOptions, openEphysOptions } from "./options.ts";

/** Spikes and events of the Open Ephys GUI, over its ZMQ Interface plugin. */
export const openEphys = defineAdapter<OpenEphysOptions>({
  kind: "open-ephys",
  options: openEphysOptions,
  open(given, context) {
    const options = { ...given, continuous: given.continuous || given.detect !== undefined };
    return subscribeTo(
      { endpoint: options.endpoint, topic: options.continuous ? "" : "EVENT", curve: options.curve },
      context,
      (emit) => createIntake(options, context, emit),
      options.heartbeat ? (open, signal) => keepHeartbeat(open, heartbeatOf(options, context), signal) : undefined,
    );
  },
});

function heartbeatOf({ endpoint, application }: OpenEphysOptions, context: AdapterContext) {
  const log = (message: string, fields?: Record<string, unknown>) => context.log("debug", message, fields);
  return { endpoint: heartbeatEndpoint(endpoint), application, log };
}
