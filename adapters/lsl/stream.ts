import type { Handle, Native } from "./native.ts";

const FORMATS = ["undefined", "float32", "double64", "string", "int32", "int16", "int8", "int64"] as const;
export type ChannelFormat = (typeof FORMATS)[number];

/** Number by which liblsl knows a format. */
export function formatNumber(format: ChannelFormat): number {
  return FORMATS.indexOf(format);
}

/** What a stream says of itself. */
export interface StreamDescription {
  readonly name: string;
  readonly type: string;
  readonly sourceId: string;
  /** Of the outlet object: another one after every restart of the peer. */
  readonly uid: string;
  readonly hostname: string;
  readonly format: ChannelFormat;
  readonly channels: number;
  /** 0 for an irregular stream. */
  readonly rateHz: number;
  /** Of the channels, in their order; empty when the stream does not label every one. */
  readonly labels: readonly string[];
}

/** Channels whose labels are read at most: what the network says must not fill our memory. */
const MOST_LABELS = 65_536;

/** Reads a stream info of liblsl; labels only if the info is a full one. */
export function describeStream(native: Native, info: Handle): StreamDescription {
  const channels = Number(native.channelCount(info));
  const labels = readLabels(native, info, Math.min(channels, MOST_LABELS));
  return {
    name: String(native.name(info)),
    type: String(native.type(info)),
    sourceId: String(native.sourceId(info)),
    uid: String(native.uid(info)),
    hostname: String(native.hostname(info)),
    format: FORMATS[Number(native.channelFormat(info))] ?? "undefined",
    channels,
    rateHz: Number(native.nominalRate(info)),
    labels: labels.length === channels && labels.every((label) => label !== "") ? labels : [],
  };
}

/** `<desc><channels><channel><label>`, as the XDF conventions have it. liblsl gives an empty node where there is none. */
function readLabels(native: Native, info: Handle, most: number): string[] {
  const labels: string[] = [];
  let channel = native.child(native.child(native.desc(info), "channels"), "channel");
  while (labels.length < most) {
    const label = String(native.childValue(channel, "label"));
    if (label === "") break;
    labels.push(label);
    channel = native.nextSibling(channel, "channel");
  }
  return labels;
}

/** One line for a log: what and where. */
export function summary(stream: StreamDescription): string {
  const rate = stream.rateHz > 0 ? `${stream.rateHz} Hz` : "irregular";
  return `${stream.name} (${stream.type}, source_id ${stream.sourceId || "none"}, ${stream.channels} x ${stream.format}, ${rate}) on ${stream.hostname}`;
}
