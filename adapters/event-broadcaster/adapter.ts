import { defineAdapter } from "../define.ts";
import { subscribeTo } from "../zeromq/subscribe.ts";
import { createBroadcastIntake } from "./intake.ts";
import { type BroadcasterOptions, broadcasterOptions } from "./options.ts";

/** Spikes without waveforms and TTL events of the Open Ephys GUI, over its Event Broadcaster plugin: its lightest feed. */
export const eventBroadcaster = defineAdapter<BroadcasterOptions>({
  kind: "event-broadcaster",
  options: broadcasterOptions,
  open: ({ endpoint, curve, ...options }, context) =>
    subscribeTo({ endpoint, topic: "", curve }, context, (emit) => createBroadcastIntake(options, context, emit)),
});
