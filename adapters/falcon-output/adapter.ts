import { defineAdapter } from "../define.ts";
import { subscribeTo } from "../zeromq/subscribe.ts";
import { createFalconIntake } from "./intake.ts";
import { type FalconOptions, falconOptions } from "./options.ts";

/** All channels of the Open Ephys GUI in one message a block, over its Falcon Output plugin; spikes are found here. */
export const falconOutput = defineAdapter<FalconOptions>({
  kind: "falcon-output",
  options: falconOptions,
  open: ({ endpoint, stream, electrodes, detect, curve }, context) =>
    subscribeTo({ endpoint, topic: "", curve }, context, (emit) =>
      createFalconIntake({ stream, electrodes, detect }, context, emit),
    ),
});
