import type { Group } from "h5wasm/node";
import { type Fail, failIn } from "./fail.ts";
import { isGroup, type Nwb, numbers, strings } from "./nwb-columns.ts";
import { addIntervals, addPresentations } from "./nwb-events.ts";
import type { RecordingOptions } from "./options.ts";
import { createRecordingBuilder, type SpikeRecording } from "./recording.ts";

/** Units, intervals and stimulus presentations of an NWB 2 file (HDF5, read by h5wasm). Throws RECORDING_INVALID. */
export async function readNwb(path: string, options: RecordingOptions["nwb"]): Promise<SpikeRecording> {
  const h5 = await import("h5wasm/node");
  // Errors are exceptions, not lines on stderr.
  (await h5.ready).activate_throwing_error_handler();
  const fail = failIn(path);
  let file: InstanceType<typeof h5.File> | undefined;
  try {
    file = new h5.File(path, "r");
    const nwb: Nwb = { root: file, fail, builder: createRecordingBuilder(fail) };
    checkVersion(nwb);
    addUnits(nwb);
    addIntervals(nwb, options.stimulus);
    addPresentations(nwb);
    return nwb.builder.finish("nwb");
  } catch (cause) {
    if (cause instanceof Error && cause.name === "PhospheneError") throw cause;
    return fail(
      "the file",
      "NWB file",
      "HDF5 that can be read",
      cause instanceof Error ? cause.message : String(cause),
    );
  } finally {
    file?.close();
  }
}

function checkVersion({ root, fail }: Nwb): void {
  const version = root.attrs.nwb_version?.value;
  if (typeof version !== "string" || !version.startsWith("2."))
    fail("attribute nwb_version", "version", "2.x", typeof version === "string" ? version : "none");
}

/** `spike_times` holds all units one after another; `spike_times_index` the end of each. */
function addUnits(nwb: Nwb): void {
  const { root, builder } = nwb;
  const fail: Fail = nwb.fail;
  const units = root.get("units");
  if (!isGroup(units)) fail("/units", "table of units", "spike_times of sorted units", "none");
  const times = numbers(nwb, units, "spike_times");
  const ends = numbers(nwb, units, "spike_times_index");
  if (times === null || ends === null)
    fail("/units", "columns", "spike_times and spike_times_index", units.keys().join(", "));
  const labels = unitLabels(nwb, units, ends.length);
  let start = 0;
  ends.forEach((end, unit) => {
    if (!Number.isInteger(end) || end < start || end > times.length)
      fail("/units/spike_times_index", `end of unit ${unit}`, `${start} to ${times.length}`, end);
    const index = builder.unit(labels[unit]!);
    for (let i = start; i < end; i++) builder.spike(times[i]!, index);
    start = end;
  });
  if (start !== times.length) fail("/units/spike_times_index", "last end", String(times.length), start);
}

/** `<electrode>.<id>`: the first electrode of the unit by its label or id, `unit` when the table names none; ids say which cell it is. */
function unitLabels(nwb: Nwb, units: Group, count: number): string[] {
  const { root, fail } = nwb;
  const ids = numbers(nwb, units, "id") ?? Float64Array.from({ length: count }, (_, i) => i);
  if (ids.length !== count) fail("/units/id", "number of units", String(count), ids.length);
  const rows = numbers(nwb, units, "electrodes");
  const ends = numbers(nwb, units, "electrodes_index");
  const table = root.get("general/extracellular_ephys/electrodes");
  const names = isGroup(table) ? (strings(nwb, table, "label") ?? numbers(nwb, table, "id")) : null;
  const electrodeOf = (unit: number): string => {
    const first = ends === null ? unit : unit === 0 ? 0 : ends[unit - 1]!;
    const isListed = rows !== null && (ends === null || first < (ends[unit] ?? 0));
    const name = isListed ? names?.[rows[first] ?? -1] : undefined;
    return name === undefined ? "unit" : String(name);
  };
  return Array.from(ids, (id, unit) => `${electrodeOf(unit)}.${id}`);
}
