import type { Group } from "h5wasm/node";
import { isGroup, type Nwb, numbers, strings } from "./nwb-columns.ts";

/** Columns that name a stimulus, in the order in which they are looked for. */
const STIMULUS_COLUMNS = [
  ...["stimulus", "stimulus_id", "stimulus_name", "image", "image_name", "image_id", "condition", "condition_id"],
  ...["stimulus_condition_id", "frame"],
];

/**
 * Rows of every table of intervals (trials, epochs, presentations): `stimulus <value>` and `stimulus blank` when the table has a column
 * that names the stimulus, else `<table> <row> start` and `<table> <row> stop`.
 */
export function addIntervals(nwb: Nwb, wanted: string | undefined): void {
  const intervals = nwb.root.get("intervals");
  if (!isGroup(intervals)) return;
  for (const name of intervals.keys()) {
    const table = intervals.get(name);
    if (isGroup(table)) addTable(nwb, table, name, wanted);
  }
}

function addTable(nwb: Nwb, table: Group, name: string, wanted: string | undefined): void {
  const { builder, fail } = nwb;
  const starts = numbers(nwb, table, "start_time");
  const stops = numbers(nwb, table, "stop_time");
  if (starts === null) {
    builder.note(`intervals ${name} have no start_time: skipped`);
    return;
  }
  if (stops !== null && stops.length !== starts.length)
    fail(`/intervals/${name}`, "stop_time", `${starts.length} rows`, stops.length);
  const column = (wanted === undefined ? STIMULUS_COLUMNS : [wanted]).find((each) => table.keys().includes(each));
  const stimuli = column === undefined ? null : (strings(nwb, table, column) ?? numbers(nwb, table, column));
  for (let row = 0; row < starts.length; row++) {
    const text = stimuli === null ? `${name} ${row} start` : `stimulus ${word(stimuli[row])}`;
    const end = stimuli === null ? `${name} ${row} stop` : "stimulus blank";
    say(nwb, starts[row]!, text);
    const stop = stops?.[row];
    // A picture that follows without a gap replaces the one before: no blank between them.
    const follows = stimuli !== null && starts[row + 1] === stop;
    if (stop !== undefined && !follows) say(nwb, stop, end);
  }
}

/** Series under stimulus/presentation: an IndexSeries says which picture came on when; of others, that they began. */
export function addPresentations(nwb: Nwb): void {
  const presentation = nwb.root.get("stimulus/presentation");
  if (!isGroup(presentation)) return;
  for (const name of presentation.keys()) {
    const series = presentation.get(name);
    if (!isGroup(series)) continue;
    const isIndex = series.attrs.neurodata_type?.value === "IndexSeries";
    const data = isIndex ? numbers(nwb, series, "data") : null;
    const times = numbers(nwb, series, "timestamps") ?? regular(nwb, series, data?.length ?? 1);
    if (times === null) nwb.builder.note(`presentation ${name} has no times: skipped`);
    else if (data === null) say(nwb, times[0] ?? Number.NaN, `presentation ${word(name)}`);
    else times.forEach((time, i) => void say(nwb, time, `stimulus ${word(data[i])}`));
  }
}

/** Times of a series that has a start and a rate. */
function regular(nwb: Nwb, series: Group, count: number): Float64Array | null {
  const start = numbers(nwb, series, "starting_time")?.[0];
  if (start === undefined) return null;
  const entity = series.get("starting_time");
  const rate = entity !== null && "attrs" in entity ? Number(entity.attrs.rate?.value) : Number.NaN;
  if (count > 1 && !(rate > 0)) return null;
  return Float64Array.from({ length: count }, (_, i) => start + (i === 0 ? 0 : i / rate));
}

/** NWB leaves times out as NaN: such an event is nowhere. */
function say({ builder }: Nwb, time: number, text: string): void {
  if (Number.isFinite(time)) builder.event({ time, event: "text", text });
}

/** A stimulus id is one word. */
function word(value: unknown): string {
  return String(value).trim().replace(/\s+/g, "_") || "unnamed";
}
