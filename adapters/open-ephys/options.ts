import { z } from "zod";
import { detectOptions } from "../detection/options.ts";
import { curveOptions } from "../zeromq/curve.ts";
import { endpointOption, portOf } from "../zeromq/endpoint.ts";

/** Options of a source of kind `open-ephys`; unknown keys are refused. */
export const openEphysOptions = z.strictObject({
  /** Data port of the ZMQ Interface plugin; heartbeats go to the port after it. */
  endpoint: endpointOption(5_556, 65_534),
  /** Name of the data stream to take; messages of others are counted as ignored. Without it, the stream of the first message. */
  stream: z.string().min(1).optional(),
  /** Tell the plugin every 2 s that we listen, so that its window lists us. Data flows without it. */
  heartbeat: z.boolean().default(true),
  /** Name shown in the plugin's window. */
  application: z.string().min(1).max(64).default("phosphene"),
  /** Sample rate of the stream, Hz; data headers correct it when `continuous` is on. */
  sampleRateHz: z.number().min(1).max(1e7).default(30_000),
  /** Subscribe to continuous data too: gives a clock while no cell fires, and losses can be counted. Costs bandwidth. */
  continuous: z.boolean().default(false),
  /** Name of an electrode in the plugin -> its name in the bundle's unit labels. Others keep their name. */
  electrodes: z.record(z.string(), z.string()).default({}),
  /** Find spikes in the continuous data, as long as the rig sends none; implies `continuous`. */
  detect: detectOptions,
  curve: curveOptions,
});

export type OpenEphysOptions = z.infer<typeof openEphysOptions>;

/** `tcp://host:5556` -> `tcp://host:5557`, where the plugin answers heartbeats. */
export function heartbeatEndpoint(endpoint: string): string {
  return endpoint.replace(/\d+$/, String(portOf(endpoint) + 1));
}
