import { z } from "zod";

/** Options of a source of kind `open-ephys`; unknown keys are refused. */
export const openEphysOptions = z.strictObject({
  /** Data port of the ZMQ Interface plugin; heartbeats go to the port after it. */
  endpoint: z
    .string()
    .regex(/^tcp:\/\/[^\s:/]+:\d{1,5}$/, "expected tcp://<host>:<port>")
    .refine((value) => portOf(value) >= 1 && portOf(value) <= 65_534, "expected a port from 1 to 65534")
    .default("tcp://127.0.0.1:5556"),
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
});

export type OpenEphysOptions = z.infer<typeof openEphysOptions>;

/** `tcp://host:5556` -> `tcp://host:5557`, where the plugin answers heartbeats. */
export function heartbeatEndpoint(endpoint: string): string {
  return endpoint.replace(/\d+$/, String(portOf(endpoint) + 1));
}

function portOf(endpoint: string): number {
  return Number(endpoint.slice(endpoint.lastIndexOf(":") + 1));
}
