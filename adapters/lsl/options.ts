import { z } from "zod";

const text = z.string().min(1).max(256);

/** Options of a source of kind `lsl`; unknown keys are refused. */
export const lslOptions = z.strictObject({
  /** Which stream: by name, type and source_id, all that are given must agree. */
  stream: z
    .strictObject({ name: text.optional(), type: text.optional(), sourceId: text.optional() })
    .refine(
      (query) => Object.values(query).some((value) => value !== undefined),
      "expected a name, a type or a sourceId",
    )
    .default({ type: "SpikeEvents" }),
  /**
   * `counts`: regular, a channel per unit, a sample is the counts of one interval. `events`: irregular, a sample is `[channel, unit, ...]` of one
   * spike. `markers`: irregular, one string.
   */
  layout: z.enum(["counts", "events", "markers"]).default("events"),
  /** Name in the stream (label of a channel of counts, `<channel>.<unit>` of a spike) -> label in the bundle. Others keep their name. */
  units: z.record(z.string(), z.string()).default({}),
  /** Channel i of counts is unit i of the bundle, whatever the labels say. */
  byPosition: z.boolean().default(false),
  /** Markers `<channel>:<unit>` are spikes; the other ones are text events. */
  spikeMarkers: z.boolean().default(false),
  /** What liblsl keeps for us while we do not read, of a regular stream, ms. */
  bufferMs: z.int().min(20).max(60_000).default(1_000),
  /** The same for an irregular stream, samples. */
  bufferEvents: z.int().min(100).max(10_000_000).default(100_000),
  /** Samples that the peer may send together. One by one, 20,000 spikes a second are too much for some; docs/lsl.md has when to change it. */
  chunkSamples: z.int().min(1).max(10_000).default(1),
  /** Samples that are older than the newest one by more than this when we get them are thrown away and counted, ms. */
  maxBacklogMs: z.number().min(10).max(60_000).default(500),
  /** Path of liblsl; LSL_LIB, the system's and the copy of the npm package lsl.js come after it. */
  library: z.string().min(1).optional(),
});

export type LslOptions = z.infer<typeof lslOptions>;
