import { eventBroadcaster } from "./event-broadcaster/adapter.ts";
import { falconOutput } from "./falcon-output/adapter.ts";
import { lsl } from "./lsl/adapter.ts";
import { openEphys } from "./open-ephys/adapter.ts";
import { recording } from "./recording/adapter.ts";
import { simulator } from "./simulator/adapter.ts";

/** Every kind of source, by the name that config.yaml gives as `kind`. */
export const adapters = {
  "event-broadcaster": eventBroadcaster,
  "falcon-output": falconOutput,
  lsl,
  "open-ephys": openEphys,
  recording,
  simulator,
} as const;

export type AdapterKind = keyof typeof adapters;
