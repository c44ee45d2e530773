import { type Fail, failIn } from "./fail.ts";
import { type ClockOffset, clockCorrection } from "./xdf-clock.ts";
import { parseXdfHeader, type XdfFormat, type XdfHeader } from "./xdf-header.ts";

/** A stream of an XDF file: samples in order, time stamps corrected to the recorder's clock. */
export interface XdfStream {
  readonly id: number;
  readonly header: XdfHeader;
  readonly times: readonly number[];
  /** Values of numeric streams, sample after sample. */
  readonly values: readonly number[];
  /** Values of string streams, sample after sample. */
  readonly texts: readonly string[];
}

export interface XdfFile {
  readonly streams: readonly XdfStream[];
  readonly notes: readonly string[];
}

// "Format specification of XDF 1.0": "XDF:", then chunks [length][tag u16][content]; a length is [number of its bytes][bytes].
const MAGIC = "XDF:";
const MOST_XML_BYTES = 16 * 1024 * 1024;
const STREAM_HEADER = 2;
const SAMPLES = 3;
const CLOCK_OFFSET = 4;

interface Collected {
  header: XdfHeader;
  lastTime: number;
  times: number[];
  values: number[];
  texts: string[];
  offsets: ClockOffset[];
}

/**
 * The streams of an XDF file. Throws RECORDING_INVALID; a file cut in its last chunk is read up to it. Samples of streams that are not
 * `wanted` are not read: a raw recording beside the spikes may be a thousand times their size.
 */
export function parseXdf(
  bytes: Uint8Array,
  file: string,
  wanted: (header: XdfHeader) => boolean = () => true,
): XdfFile {
  const fail = failIn(file);
  const cursor = createCursor(bytes, fail);
  if (bytes.length < 4) fail(0, "XDF file", "at least 4 bytes", bytes.length);
  const magic = cursor.text(4);
  if (magic !== MAGIC) fail(0, "XDF file type", MAGIC, magic);
  const streams = new Map<number, Collected>();
  const notes: string[] = [];
  while (cursor.at < bytes.length) {
    const start = cursor.at;
    const end = cursor.chunkEnd();
    if (end === null) {
      notes.push(`the last chunk, at byte ${start}, is cut`);
      break;
    }
    readChunk(cursor, start, end, streams, wanted, fail);
    cursor.at = end;
  }
  return { streams: [...streams].map(([id, collected]) => finish(id, collected, fail)), notes };
}

function finish(id: number, { header, times, values, texts, offsets }: Collected, fail: Fail): XdfStream {
  const correct = clockCorrection(offsets, fail);
  return { id, header, times: times.map(correct), values, texts };
}

function readChunk(
  cursor: Cursor,
  start: number,
  end: number,
  streams: Map<number, Collected>,
  wanted: (header: XdfHeader) => boolean,
  fail: Fail,
): void {
  const tag = cursor.u16(end);
  if (tag !== STREAM_HEADER && tag !== SAMPLES && tag !== CLOCK_OFFSET) return; // file header, boundary, footer
  const id = cursor.u32(end);
  if (tag === STREAM_HEADER) {
    if (streams.has(id)) fail(start, "header of a stream", "one for each stream", `a second one for stream ${id}`);
    if (end - cursor.at > MOST_XML_BYTES)
      fail(start, "bytes of a header", `at most ${MOST_XML_BYTES}`, end - cursor.at);
    const header = parseXdfHeader(cursor.text(end - cursor.at), start, fail);
    streams.set(id, { header, lastTime: 0, times: [], values: [], texts: [], offsets: [] });
    return;
  }
  const stream = streams.get(id);
  if (stream === undefined) fail(start, "stream of a chunk", "one whose header came before", id);
  if (tag === CLOCK_OFFSET) {
    const offset = { time: cursor.f64(end), offset: cursor.f64(end) };
    if (!Number.isFinite(offset.time) || !Number.isFinite(offset.offset))
      fail(start, "clock offset", "finite numbers of s", `${offset.offset} at ${offset.time}`);
    stream.offsets.push(offset);
  } else if (wanted(stream.header)) readSamples(cursor, start, end, stream, fail);
}

/** Each sample: 0 or 8 bytes of time stamp, then one value a channel. Without a stamp it follows the last at the nominal rate. */
function readSamples(cursor: Cursor, start: number, end: number, stream: Collected, fail: Fail): void {
  const { header } = stream;
  const count = cursor.length(end);
  const leastBytes = 1 + (header.format === "string" ? header.channels : header.channels * SIZES[header.format]);
  if (count * leastBytes > end - cursor.at)
    fail(start, "samples of a chunk", `at most ${Math.floor((end - cursor.at) / leastBytes)}`, count);
  const stepS = header.rateHz > 0 ? 1 / header.rateHz : 0;
  for (let sample = 0; sample < count; sample++) {
    const stamp = cursor.u8(end);
    if (stamp !== 0 && stamp !== 8) fail(cursor.at - 1, "bytes of a time stamp", "0 or 8", stamp);
    const time = stamp === 8 ? cursor.f64(end) : stream.lastTime + stepS;
    if (!Number.isFinite(time)) fail(cursor.at, "time stamp", "a finite number of s", time);
    stream.lastTime = time;
    stream.times.push(time);
    for (let channel = 0; channel < header.channels; channel++) {
      if (header.format === "string") stream.texts.push(cursor.string(end));
      else stream.values.push(cursor.number(header.format, end));
    }
  }
  if (cursor.at !== end) fail(cursor.at, "end of a Samples chunk", `byte ${end}`, `byte ${cursor.at}`);
}

type NumberFormat = Exclude<XdfFormat, "string">;
const SIZES: Readonly<Record<NumberFormat, number>> = {
  ...{ int8: 1, int16: 2, int32: 4, int64: 8, float32: 4, double64: 8 },
};
const READ: Readonly<Record<NumberFormat, (view: DataView, at: number) => number>> = {
  int8: (view, at) => view.getInt8(at),
  int16: (view, at) => view.getInt16(at, true),
  int32: (view, at) => view.getInt32(at, true),
  int64: (view, at) => Number(view.getBigInt64(at, true)),
  float32: (view, at) => view.getFloat32(at, true),
  double64: (view, at) => view.getFloat64(at, true),
};

type Cursor = ReturnType<typeof createCursor>;

/** Reads on from where it is, never past `end` of the chunk. */
function createCursor(bytes: Uint8Array, fail: Fail) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (size: number, end: number, what: string): number => {
    if (size > end - at) fail(at, what, `${size} bytes`, `${end - at} bytes to the end of the chunk`);
    const start = at;
    at += size;
    return start;
  };
  const text = (length: number) => {
    const start = take(length, bytes.length, "text");
    return new TextDecoder().decode(bytes.subarray(start, start + length));
  };
  const u8 = (end: number) => view.getUint8(take(1, end, "a byte"));
  const length = (end: number): number => {
    const size = u8(end);
    if (size !== 1 && size !== 4 && size !== 8) return fail(at - 1, "bytes of a length", "1, 4 or 8", size);
    const start = take(size, end, "a length");
    if (size === 1) return view.getUint8(start);
    return size === 4 ? view.getUint32(start, true) : Number(view.getBigUint64(start, true));
  };
  return {
    get at() {
      return at;
    },
    set at(to: number) {
      at = to;
    },
    text,
    u8,
    length,
    u16: (end: number) => view.getUint16(take(2, end, "a tag"), true),
    u32: (end: number) => view.getUint32(take(4, end, "a stream id"), true),
    f64: (end: number) => view.getFloat64(take(8, end, "a double"), true),
    number: (format: NumberFormat, end: number) => READ[format](view, take(SIZES[format], end, "a value")),
    string: (end: number) => {
      const size = length(end);
      if (size > end - at) fail(at, "bytes of a string", `at most ${end - at}`, size);
      return text(size);
    },
    /** Byte after the chunk that begins here; null when the file ends before. */
    chunkEnd: (): number | null => {
      const size = view.getUint8(at);
      if ((size === 1 || size === 4 || size === 8) && at + 1 + size > bytes.length) return null;
      const content = length(bytes.length);
      if (at + content > bytes.length) return null;
      return content < 2 ? fail(at, "bytes of a chunk", "at least 2", content) : at + content;
    },
  };
}
