import type { Fail } from "./fail.ts";

export const XDF_FORMATS = ["int8", "int16", "int32", "int64", "float32", "double64", "string"] as const;
export type XdfFormat = (typeof XDF_FORMATS)[number];

/** What the XML of a StreamHeader says, as far as we need it. */
export interface XdfHeader {
  readonly name: string;
  readonly type: string;
  readonly sourceId: string;
  readonly channels: number;
  /** Hz; 0 for a stream of events. */
  readonly rateHz: number;
  readonly format: XdfFormat;
  /** Labels of the channels; empty when the header has none. */
  readonly labels: readonly string[];
}

const MOST_CHANNELS = 65_535;

/** Reads the header of a stream. Only elements without attributes occur in it, so no XML parser is needed (and no entity is expanded). */
export function parseXdfHeader(xml: string, at: number, fail: Fail): XdfHeader {
  const text = (tag: string) => decode(first(xml, tag) ?? "");
  const channels = Number(text("channel_count"));
  if (!Number.isInteger(channels) || channels < 1 || channels > MOST_CHANNELS)
    fail(at, "channel_count of a stream", `1 to ${MOST_CHANNELS}`, text("channel_count"));
  const rateHz = Number(text("nominal_srate") || "0");
  if (!(rateHz >= 0 && rateHz <= 1e9)) fail(at, "nominal_srate of a stream", "0 or more Hz", text("nominal_srate"));
  const wanted = text("channel_format");
  const format = XDF_FORMATS.find((known) => known === wanted);
  if (format === undefined) return fail(at, "channel_format of a stream", XDF_FORMATS.join(", "), wanted);
  const labels = channelLabels(first(xml, "channels") ?? "");
  return { name: text("name"), type: text("type"), sourceId: text("source_id"), channels, rateHz, format, labels };
}

function channelLabels(xml: string): string[] {
  const labels: string[] = [];
  for (let at = 0; labels.length < MOST_CHANNELS; ) {
    const start = xml.indexOf("<label>", at);
    const end = xml.indexOf("</label>", start);
    if (start < 0 || end < 0) break;
    labels.push(decode(xml.slice(start + 7, end)));
    at = end;
  }
  return labels;
}

/** Content of the first element of that name. */
function first(xml: string, tag: string): string | undefined {
  const open = `<${tag}>`;
  const start = xml.indexOf(open);
  const end = xml.indexOf(`</${tag}>`, start);
  return start < 0 || end < 0 ? undefined : xml.slice(start + open.length, end);
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function decode(text: string): string {
  return text.replace(/&(lt|gt|amp|quot|apos);/g, (_, name: string) => ENTITIES[name] ?? "").trim();
}
