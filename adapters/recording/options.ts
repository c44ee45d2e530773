import { z } from "zod";

export const RECORDING_FORMATS = ["auto", "nwb", "nev", "open-ephys-binary", "xdf", "phosphene"] as const;

const name = z.string().min(1).max(200);

/** Options of a source of kind `recording`; unknown keys are refused. docs/recordings.md explains them. */
export const recordingOptions = z.strictObject({
  /** File, or folder for `open-ephys-binary`; relative to the working directory. */
  path: z.string().min(1).default("recording"),
  /** `auto` looks at the first bytes. */
  format: z.enum(RECORDING_FORMATS).default("auto"),
  /** 1 is real time; `step` plays on when everything that was played before is decoded. */
  speed: z.union([z.number().min(0.01).max(1_000), z.literal("step")]).default(1),
  /** At the end start again, as a restart of the source's clock. */
  loop: z.boolean().default(false),
  /** Where to begin, s after the first thing that the recording holds. */
  startS: z.number().min(0).default(0),
  /** Length of the blocks in which spikes are played, ms; recordings of our own keep their blocks. */
  blockMs: z.number().min(1).max(1_000).default(10),
  /** Unit or electrode of the recording -> unit or electrode of the bundle: `chan1.1: E001.1` or `chan1: E001`. */
  units: z.record(name, name).default({}),
  /** Source to play when several were recorded together. */
  source: name.optional(),
  xdf: z
    .strictObject({
      /** Name, type or source id of the stream with spikes; else those of type SpikeEvents. */
      stream: name.optional(),
      /** The same of the stream with markers; else all string streams. */
      markers: name.optional(),
    })
    .prefault({}),
  openEphys: z
    .strictObject({
      /** Part of the folder names of the spikes and events to play; else all. */
      stream: name.optional(),
      /** Folder of the recording below `path` when there are several: `experiment1/recording2`. */
      recording: name.optional(),
    })
    .prefault({}),
  nwb: z
    .strictObject({
      /** Column of an interval table that names the stimulus; else the first of the usual names. */
      stimulus: name.optional(),
    })
    .prefault({}),
});

export type RecordingOptions = z.infer<typeof recordingOptions>;
