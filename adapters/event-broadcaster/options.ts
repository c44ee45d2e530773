import { z } from "zod";
import { curveOptions } from "../zeromq/curve.ts";
import { endpointOption } from "../zeromq/endpoint.ts";

/** Options of a source of kind `event-broadcaster`; unknown keys are refused. The format (JSON or raw) is seen in the messages. */
export const broadcasterOptions = z.strictObject({
  /** Port of the Event Broadcaster plugin. */
  endpoint: endpointOption(5_557),
  /** Name of the data stream to take (raw format: its number); messages of others are counted as ignored. Without it, that of the first message. */
  stream: z.string().min(1).optional(),
  /** Sample rate of the stream, Hz, for the raw format; JSON says it. */
  sampleRateHz: z.number().min(1).max(1e7).default(30_000),
  /** Name of an electrode in the plugin (raw format: `Electrode <n>`, from 1) -> its name in the bundle's unit labels. */
  electrodes: z.record(z.string(), z.string()).default({}),
  curve: curveOptions,
});

export type BroadcasterOptions = z.infer<typeof broadcasterOptions>;
