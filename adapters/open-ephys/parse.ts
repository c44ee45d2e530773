import type { DataMessage, Malformed, OpenEphysMessage, SpikeMessage, TextMessage, TtlMessage } from "./messages.ts";

/** Longest header that is looked at, bytes: real ones are under 1 KiB. */
export const MAX_HEADER_BYTES = 16_384;
const INT32_MAX = 2_147_483_647;
const TTL_BYTES = 10;
const EVENT_TTL = 3;
const EVENT_TEXT = 5;

type Fields = Record<string, unknown>;
type Parser = (messageNum: number, header: Fields, payload: Uint8Array | undefined) => OpenEphysMessage | Malformed;

const NOTHING = new Uint8Array();

/** Frames of one multipart message -> a typed message, or the reason why it is none. Never throws. Layout: wire-formats 1.1. */
export function parseMessage(frames: readonly Uint8Array[]): OpenEphysMessage | Malformed {
  const headerFrame = frames[1];
  if (headerFrame === undefined || frames.length > 3) return malformed(`frames: expected 2 or 3, got ${frames.length}`);
  const header = parseHeader(headerFrame);
  if (typeof header === "string") return malformed(header);
  // The key was `message_no` before June 2022.
  const messageNum = header.message_num ?? header.message_no;
  if (!isInteger(messageNum, -INT32_MAX - 1, INT32_MAX)) return wrong("message_num", "an int32", messageNum);
  // The envelope does not tell spikes from events: only the header's type does.
  const parser = typeof header.type === "string" ? PARSERS.get(header.type) : undefined;
  return parser ? parser(messageNum, header, frames[2]) : wrong("type", "data, event or spike", header.type);
}

function parseHeader(frame: Uint8Array): Fields | string {
  if (frame.length > MAX_HEADER_BYTES) return `header: expected at most ${MAX_HEADER_BYTES} bytes, got ${frame.length}`;
  try {
    const value: unknown = JSON.parse(text(frame));
    return isFields(value) ? value : "header: expected a JSON object";
  } catch {
    // A name outside ASCII makes the plugin cut the end of the JSON: it counts characters, not bytes.
    return "header: expected JSON, got text that does not parse";
  }
}

function parseSpike(messageNum: number, header: Fields, payload: Uint8Array | undefined): SpikeMessage | Malformed {
  const body = header.spike ?? header.content;
  if (!isFields(body)) return wrong("spike", "an object", body);
  const { electrode, sample_num: sampleNum, sorted_id: sortedId, num_channels: channels, num_samples: samples } = body;
  const stream = streamOf(body);
  if (stream === undefined) return wrong("stream", "a name", body.stream);
  if (typeof electrode !== "string" || electrode === "") return wrong("electrode", "a name", electrode);
  if (!isInteger(sampleNum, 0)) return wrong("sample_num", "a whole number from 0", sampleNum);
  if (!isInteger(sortedId, 0, 65_535)) return wrong("sorted_id", "a uint16", sortedId);
  if (!isInteger(channels, 1, 65_535)) return wrong("num_channels", "a whole number from 1", channels);
  if (!isInteger(samples, 1, INT32_MAX)) return wrong("num_samples", "a whole number from 1", samples);
  const bytes = 4 * channels * samples;
  if (payload?.length !== bytes) return wrong("waveform", `${bytes} bytes`, payload?.length);
  return { kind: "spike", messageNum, stream, sampleNum, electrode, sortedId };
}

function parseData(messageNum: number, header: Fields, payload: Uint8Array | undefined): DataMessage | Malformed {
  const body = header.content;
  if (!isFields(body)) return wrong("content", "an object", body);
  const { channel_num: channel, num_samples: numSamples, sample_num: sampleNum, sample_rate: sampleRateHz } = body;
  const { channel_name: channelName } = body;
  const stream = streamOf(body);
  if (stream === undefined) return wrong("stream", "a name", body.stream);
  if (!isInteger(channel, 0, INT32_MAX)) return wrong("channel_num", "a whole number from 0", channel);
  if (!isInteger(numSamples, 0, INT32_MAX)) return wrong("num_samples", "a whole number from 0", numSamples);
  if (!isInteger(sampleNum, 0)) return wrong("sample_num", "a whole number from 0", sampleNum);
  if (!isRate(sampleRateHz)) return wrong("sample_rate", "1 Hz to 10 MHz", sampleRateHz);
  if (channelName !== undefined && typeof channelName !== "string") return wrong("channel_name", "a name", channelName);
  const samples = payload ?? NOTHING;
  if (samples.length !== 4 * numSamples) return wrong("samples", `${4 * numSamples} bytes`, payload?.length);
  return {
    kind: "data",
    messageNum,
    stream,
    sampleNum,
    numSamples,
    sampleRateHz,
    channel,
    channelName,
    payload: samples,
  };
}

function parseEvent(
  messageNum: number,
  header: Fields,
  payload: Uint8Array | undefined,
): TtlMessage | TextMessage | Malformed {
  const body = header.content;
  if (!isFields(body)) return wrong("content", "an object", body);
  const { type, sample_num: sampleNum } = body;
  const stream = streamOf(body);
  if (stream === undefined) return wrong("stream", "a name", body.stream);
  if (!isInteger(sampleNum, 0)) return wrong("sample_num", "a whole number from 0", sampleNum);
  if (payload === undefined) return wrong("payload", "a third frame", payload);
  if (type === EVENT_TEXT) return parseText({ messageNum, stream, sampleNum }, header.data_size, payload);
  if (type !== EVENT_TTL) return wrong("content.type", "3 (TTL) or 5 (text)", type);
  return parseTtl({ messageNum, stream, sampleNum }, payload);
}

type Place = Pick<TtlMessage, "messageNum" | "stream" | "sampleNum">;

function parseTtl(place: Place, payload: Uint8Array): TtlMessage | Malformed {
  if (payload.length !== TTL_BYTES) return wrong("TTL payload", `${TTL_BYTES} bytes`, payload.length);
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const state = view.getUint8(1);
  if (state !== 0 && state !== 1) return wrong("TTL state", "0 or 1", state);
  return { kind: "ttl", ...place, line: view.getUint8(0), state, word: view.getBigUint64(2, true) };
}

function parseText(place: Place, size: unknown, payload: Uint8Array): TextMessage | Malformed {
  if (size !== undefined && size !== payload.length) return wrong("data_size", `${payload.length}`, size);
  if (payload.length > MAX_HEADER_BYTES) return wrong("text", `at most ${MAX_HEADER_BYTES} bytes`, payload.length);
  return { kind: "text", ...place, text: text(payload) };
}

const PARSERS: ReadonlyMap<string, Parser> = new Map<string, Parser>([
  ["spike", parseSpike],
  ["data", parseData],
  ["event", parseEvent],
]);

// Buffer's own decoder is several times faster than TextDecoder on headers of this size.
function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}

/** "" without one: not every version says it. */
function streamOf({ stream = "" }: Fields): string | undefined {
  return typeof stream === "string" ? stream : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isInteger(value: unknown, low: number, high: number = Number.MAX_SAFE_INTEGER): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= low && value <= high;
}

function isRate(value: unknown): value is number {
  return typeof value === "number" && value >= 1 && value <= 1e7;
}

function malformed(reason: string): Malformed {
  return { kind: "malformed", reason };
}

function wrong(subject: string, wanted: string, got: unknown): Malformed {
  const shown = typeof got === "object" && got !== null ? "an object" : String(got).slice(0, 40);
  return malformed(`${subject}: expected ${wanted}, got ${shown}`);
}
