import { type Fail, failIn } from "./fail.ts";
import type { RecordingOptions } from "./options.ts";
import { parseXdf, type XdfStream } from "./parse-xdf.ts";
import { createRecordingBuilder, type RecordingBuilder, type SpikeRecording } from "./recording.ts";

const SPIKE_EVENTS = /^spike ?events$/i;
/** A bin with more spikes of one unit is no spike count. */
const MOST_SPIKES_A_SAMPLE = 1_000;

/**
 * Spikes and markers of the streams of an XDF file. Spikes are streams of type `SpikeEvents` (`[channel, unit, waveform…]`), or the
 * one that `xdf.stream` names: events, or counts when its rate is regular. String streams become text events.
 */
export function xdfRecording(bytes: Uint8Array, file: string, options: RecordingOptions["xdf"]): SpikeRecording {
  const fail = failIn(file);
  const xdf = parseXdf(bytes, file, (header) => isSpikes(header, options.stream) || isMarkers(header, options.markers));
  const builder = createRecordingBuilder(fail);
  for (const note of xdf.notes) builder.note(note);
  const spikes = chooseSpikes(xdf.streams, options.stream, fail);
  for (const stream of spikes) (stream.header.rateHz > 0 ? addCounts : addEvents)(stream, builder, fail);
  for (const stream of xdf.streams)
    if (!spikes.includes(stream) && isMarkers(stream.header, options.markers)) addMarkers(stream, builder);
  return builder.finish("xdf");
}

function chooseSpikes(streams: readonly XdfStream[], wanted: string | undefined, fail: Fail): XdfStream[] {
  const chosen = streams.filter(({ header }) => isSpikes(header, wanted));
  const expectation =
    wanted === undefined ? "one of type SpikeEvents, or xdf.stream naming one" : `a numeric one called ${wanted}`;
  if (chosen.length === 0) fail("its streams", "stream of spikes", expectation, describe(streams));
  return chosen;
}

function isSpikes(header: XdfStream["header"], wanted: string | undefined): boolean {
  if (header.format === "string") return false;
  return wanted === undefined ? SPIKE_EVENTS.test(header.type) : isNamed(header, wanted);
}

function isNamed({ name, type, sourceId }: XdfStream["header"], wanted: string): boolean {
  return [name, sourceId, type].includes(wanted);
}

function describe(streams: readonly XdfStream[]): string {
  const each = ({ header: { name, type, channels, rateHz, format } }: XdfStream) =>
    `${name} (${type}, ${channels} x ${format}, ${rateHz} Hz)`;
  return streams.length === 0 ? "no stream" : streams.map(each).join("; ");
}

/** Channel and unit are whole numbers, whatever the type of the stream. */
function addEvents({ header, times, values }: XdfStream, builder: RecordingBuilder, fail: Fail): void {
  if (header.channels < 2)
    fail("its streams", `channels of ${header.name}`, "at least 2: channel and unit", header.channels);
  times.forEach((time, sample) => {
    const [channel, unit] = [values[sample * header.channels]!, values[sample * header.channels + 1]!];
    if (!Number.isInteger(channel) || !Number.isInteger(unit) || channel < 0 || unit < 0)
      fail(`sample ${sample} of ${header.name}`, "channel and unit", "whole numbers from 0", `${channel}, ${unit}`);
    builder.spike(time, builder.unit(`${channel}.${unit}`));
  });
}

/** A count covers the interval that ends at its time stamp: its spikes are put into the middle of it. */
function addCounts({ header, times, values }: XdfStream, builder: RecordingBuilder, fail: Fail): void {
  const { channels, rateHz, labels, name } = header;
  const units = Array.from({ length: channels }, (_, channel) => builder.unit(labels[channel] || `${channel}.0`));
  times.forEach((time, sample) => {
    for (let channel = 0; channel < channels; channel++) {
      const count = values[sample * channels + channel]!;
      if (!Number.isInteger(count) || count < 0 || count > MOST_SPIKES_A_SAMPLE)
        fail(`sample ${sample} of ${name}`, "count", `a whole number from 0 to ${MOST_SPIKES_A_SAMPLE}`, count);
      for (let i = 0; i < count; i++) builder.spike(time - 0.5 / rateHz, units[channel]!);
    }
  });
}

function isMarkers(header: XdfStream["header"], wanted: string | undefined): boolean {
  if (wanted !== undefined) return isNamed(header, wanted);
  return header.format === "string" || /^markers$/i.test(header.type);
}

function addMarkers({ header, times, values, texts }: XdfStream, builder: RecordingBuilder): void {
  const all: readonly (string | number)[] = header.format === "string" ? texts : values;
  times.forEach((time, sample) => {
    const text = all.slice(sample * header.channels, (sample + 1) * header.channels).join(" ");
    builder.event({ time, event: "text", text });
  });
}
