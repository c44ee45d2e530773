import { z } from "zod";
import { type Fail, failIn } from "./fail.ts";
import type { RecordingOptions } from "./options.ts";
import { type NpyArray, parseNpy } from "./parse-npy.ts";
import { createRecordingBuilder, type RecordingBuilder, type SpikeRecording } from "./recording.ts";

/** Bytes of a file below the folder of the recording; null when it is not there. */
export type ReadBelow = (path: string) => Uint8Array | null;

const folder = z.string().regex(/^[^/\\\0]+(\/[^/\\\0]+)*\/?$/, "a path below the recording");
const stream = {
  sample_rate: z.number().positive().max(1e7),
  folder: folder.optional(),
  folder_name: folder.optional(),
};
const structure = z.object({
  spikes: z
    .array(
      z.object({
        ...stream,
        name: z.string().optional(),
        channels: z.array(z.object({ channel_name: z.string() })).default([]),
      }),
    )
    .default([]),
  events: z.array(z.object({ ...stream, identifier: z.string().optional() })).default([]),
});
type Group = {
  readonly sample_rate: number;
  readonly folder?: string | undefined;
  readonly folder_name?: string | undefined;
};

/**
 * Spikes, TTL and text events of a recording that the Open Ephys GUI wrote in its Binary format: the layout of 0.4 (spike_times.npy,
 * timestamps.npy) and that of 0.6 and later (sample_numbers.npy). Sample numbers are the clock. Throws RECORDING_INVALID.
 */
export function openEphysBinary(read: ReadBelow, path: string, options: RecordingOptions["openEphys"]): SpikeRecording {
  const fail = failIn(`${path}/structure.oebin`);
  const parsed = structure.safeParse(parseJson(read("structure.oebin"), fail));
  if (!parsed.success)
    return fail(
      "its JSON",
      parsed.error.issues[0]?.path.join(".") ?? "structure",
      "what the GUI writes",
      "another layout",
    );
  const builder = createRecordingBuilder(fail);
  const files = { read, path, builder };
  const wanted = (group: Group) => options.stream === undefined || folderOf(group).includes(options.stream);
  const groups = parsed.data.spikes.filter(wanted);
  if (groups.length === 0)
    fail("spikes", "groups of spikes", options.stream ?? "at least one", parsed.data.spikes.map(folderOf).join(", "));
  for (const group of groups) addSpikes(files, group);
  for (const group of parsed.data.events.filter(wanted)) addEvents(files, group);
  return builder.finish("open-ephys-binary");
}

interface Files {
  readonly read: ReadBelow;
  readonly path: string;
  readonly builder: RecordingBuilder;
}

function folderOf({ folder: newName, folder_name: oldName }: Group): string {
  return (newName ?? oldName ?? "").replace(/\/$/, "");
}

function parseJson(bytes: Uint8Array | null, fail: Fail): unknown {
  if (bytes === null) return fail("the folder", "recording of Open Ephys", "a structure.oebin", "none");
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch (cause) {
    return fail("its text", "structure.oebin", "JSON", cause instanceof Error ? cause.message : String(cause));
  }
}

/** Electrode indices of 0.4 count from 1 in `channels`; since 0.6 each electrode has a folder and a name of its own. */
function addSpikes(
  files: Files,
  group: Group & { channels: { channel_name: string }[]; name?: string | undefined },
): void {
  const { builder } = files;
  const samples = column(files, "spikes", group, ["spike_times.npy", "sample_numbers.npy"]);
  const electrodes = column(files, "spikes", group, ["spike_electrode_indices.npy", "electrode_indices.npy"], samples);
  const clusters = column(files, "spikes", group, ["spike_clusters.npy", "clusters.npy"], samples);
  if (samples === null || electrodes === null || clusters === null) return;
  const fail: Fail = failIn(`${files.path}/spikes/${folderOf(group)}`);
  const names = group.channels.map(({ channel_name: name }) => name);
  for (let i = 0; i < samples.numbers.length; i++) {
    const electrode = electrodes.numbers[i]!;
    const name = names.length > 0 ? names[electrode - 1] : (group.name ?? folderOf(group));
    if (name === undefined) fail(`spike ${i}`, "electrode index", `1 to ${names.length}`, electrode);
    builder.spike(samples.numbers[i]! / group.sample_rate, builder.unit(`${name}.${clusters.numbers[i]!}`));
  }
}

/** TTL: states are +line or -line, counted from 1. Text: one string an event. Groups of other kinds are noted. */
function addEvents(files: Files, group: Group): void {
  const { builder } = files;
  const states = column(files, "events", group, ["states.npy", "channel_states.npy"], undefined, true);
  const texts = column(files, "events", group, ["text.npy"], undefined, true);
  if (states === null && texts === null) {
    builder.note(`events of ${folderOf(group)} are neither TTL nor text: skipped`);
    return;
  }
  const samples = column(
    files,
    "events",
    group,
    ["sample_numbers.npy", "timestamps.npy"],
    states ?? texts ?? undefined,
  );
  if (samples === null) return;
  for (let i = 0; i < samples.numbers.length; i++) {
    const time = samples.numbers[i]! / group.sample_rate;
    const state = states?.numbers[i];
    const text = texts?.texts[i];
    if (text !== undefined) builder.event({ time, event: "text", text });
    else if (state !== undefined)
      builder.event({ time, event: "ttl", text: `line=${Math.abs(state) - 1} state=${state > 0 ? 1 : 0}` });
  }
}

/** The first of the files that is there; as long as `like` when that is given. */
function column(
  { read, path }: Files,
  kind: "spikes" | "events",
  group: Group,
  names: readonly string[],
  like?: NpyArray | null,
  optional = false,
): NpyArray | null {
  const below = `${kind}/${folderOf(group)}`;
  for (const name of names) {
    const bytes = read(`${below}/${name}`);
    if (bytes === null) continue;
    const array = parseNpy(bytes, `${path}/${below}/${name}`);
    const length = array.shape[0] ?? 0;
    if (array.shape.length !== 1 || (like && length !== (like.shape[0] ?? 0)))
      failIn(`${path}/${below}/${name}`)("its header", "length", `${like?.shape[0] ?? "one dimension"}`, array.shape);
    return array;
  }
  if (!optional) failIn(`${path}/${below}`)("the folder", "file", names.join(" or "), "none");
  return null;
}
