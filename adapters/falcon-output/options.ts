import { z } from "zod";
import { detectSettings } from "../detection/options.ts";
import { curveOptions } from "../zeromq/curve.ts";
import { endpointOption } from "../zeromq/endpoint.ts";

/** Options of a source of kind `falcon-output`; unknown keys are refused. */
export const falconOptions = z.strictObject({
  /** Port of the Falcon Output plugin. */
  endpoint: endpointOption(3_335),
  /** Name of the data stream to take; messages of others are counted as ignored. Without it, the stream of the first message. */
  stream: z.string().min(1).optional(),
  /** The plugin sends no spikes: how they are found in the samples. */
  detect: detectSettings.prefault({}),
  /** `CH<n>`, counted from 1 -> its name in the bundle's unit labels, which end in `.0`. */
  electrodes: z.record(z.string(), z.string()).default({}),
  curve: curveOptions,
});

export type FalconOptions = z.infer<typeof falconOptions>;
