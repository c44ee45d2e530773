import { crc32 } from "node:zlib";
import { McapChunkBuilder, McapRecordBuilder, McapStreamReader } from "@mcap/core";

const MESSAGE_ENCODING = "msgpack";
const LIBRARY = "phosphene";

/** One message of a log. `timeNs` is Unix time. */
export interface LogMessage {
  readonly topic: string;
  readonly timeNs: bigint;
  readonly data: Uint8Array;
}

/**
 * Makes the bytes of an MCAP file, piece by piece: nothing is ever changed that was handed out. Every chunk repeats its channels, so
 * it can be read without the others, and a file that is cut anywhere holds all whole chunks before the cut. @mcap/core's own writer
 * closes a chunk by size only; a crash may cost as much as we hold back, so here the owner closes it.
 */
export class McapLog {
  readonly #records = new McapRecordBuilder();
  readonly #chunk = new McapChunkBuilder({});
  readonly #channels = new Map<string, number>();
  /** Topics of the open chunk. */
  readonly #inChunk = new Set<string>();
  readonly #counts = new Map<number, bigint>();
  readonly #span = { start: 0n, end: 0n };
  readonly #checksum: (bytes: Uint8Array) => number;
  #chunks = 0;

  /** A checksum of 0 says that there is none: for tests of what checksums keep from the parsers. */
  constructor(checksum: (bytes: Uint8Array) => number = crc32) {
    this.#checksum = checksum;
  }

  /** What a file begins with. */
  begin(metadata: Readonly<Record<string, string>>): Uint8Array {
    this.#records.writeMagic();
    this.#records.writeHeader({ profile: LIBRARY, library: LIBRARY });
    this.#records.writeMetadata({ name: LIBRARY, metadata: new Map(Object.entries(metadata)) });
    return this.#take();
  }

  /** Bytes in the open chunk. */
  get pendingBytes(): number {
    return this.#chunk.byteLength;
  }

  add({ topic, timeNs, data }: LogMessage): void {
    const id = this.#channels.get(topic) ?? this.#channels.size;
    this.#channels.set(topic, id);
    if (!this.#inChunk.has(topic)) this.#chunk.addChannel(channel(id, topic));
    this.#inChunk.add(topic);
    const count = this.#counts.get(id) ?? 0n;
    const sequence = Number(BigInt.asUintN(32, count));
    this.#chunk.addMessage({ channelId: id, sequence, logTime: timeNs, publishTime: timeNs, data });
    if (this.#counts.size === 0 || timeNs < this.#span.start) this.#span.start = timeNs;
    if (timeNs > this.#span.end) this.#span.end = timeNs;
    this.#counts.set(id, count + 1n);
  }

  /** Closes the open chunk; null when it is empty. */
  takeChunk(): Uint8Array | null {
    const chunk = this.#chunk;
    if (chunk.numMessages === 0) return null;
    this.#chunks++;
    this.#records.writeChunk({
      messageStartTime: chunk.messageStartTime,
      messageEndTime: chunk.messageEndTime,
      uncompressedSize: BigInt(chunk.buffer.length),
      uncompressedCrc: this.#checksum(chunk.buffer),
      compression: "",
      records: chunk.buffer,
    });
    for (const index of chunk.indices) this.#records.writeMessageIndex(index);
    chunk.reset();
    this.#inChunk.clear();
    return this.#take();
  }

  /** What a file that was closed in peace ends with; `position` is its length before. */
  end(position: number): Uint8Array {
    this.#records.writeDataEnd({ dataSectionCrc: 0 });
    const summaryStart = BigInt(position + this.#records.length);
    for (const [topic, id] of this.#channels) this.#records.writeChannel(channel(id, topic));
    this.#records.writeStatistics({
      messageCount: [...this.#counts.values()].reduce((sum, count) => sum + count, 0n),
      ...{ schemaCount: 0, channelCount: this.#channels.size, attachmentCount: 0, metadataCount: 1 },
      chunkCount: this.#chunks,
      messageStartTime: this.#span.start,
      messageEndTime: this.#span.end,
      channelMessageCounts: this.#counts,
    });
    this.#records.writeFooter({ summaryStart, summaryOffsetStart: 0n, summaryCrc: 0 });
    this.#records.writeMagic();
    return this.#take();
  }

  #take(): Uint8Array {
    const bytes = this.#records.buffer.slice();
    this.#records.reset();
    return bytes;
  }
}

function channel(id: number, topic: string) {
  return { id, schemaId: 0, topic, messageEncoding: MESSAGE_ENCODING, metadata: new Map<string, string>() };
}

export interface LogContents {
  readonly metadata: ReadonlyMap<string, string>;
  /** Why reading stopped before the end of the file, when it did. */
  readonly stopped: string | null;
}

const PIECE_BYTES = 1024 * 1024;

/** Reads a log up to its end, to where it is cut, or to the first damage; what was handed to `take` until then is good. Never throws itself. */
export function readMcapLog(bytes: Uint8Array, take: (message: LogMessage) => void): LogContents {
  const reader = new McapStreamReader();
  const topics = new Map<number, string>();
  let metadata: ReadonlyMap<string, string> = new Map();
  let stopped: string | null = null;
  const drain = () => {
    for (let record = reader.nextRecord(); record !== undefined; record = reader.nextRecord()) {
      if (record.type === "Metadata" && record.name === LIBRARY) metadata = record.metadata;
      if (record.type === "Channel") topics.set(record.id, record.topic);
      if (record.type === "Message")
        take({ topic: topics.get(record.channelId) ?? "", timeNs: record.logTime, data: record.data });
    }
  };
  for (let at = 0; at < bytes.length && !reader.done() && stopped === null; at += PIECE_BYTES) {
    // Errors of `take` are its own: they pass.
    reader.append(bytes.subarray(at, at + PIECE_BYTES));
    stopped = attempt(drain);
  }
  if (stopped === null && !reader.done()) stopped = "it was not closed: the end is missing";
  return { metadata, stopped };
}

function attempt(work: () => void): string | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof Error && error.name === "PhospheneError") throw error;
    return error instanceof Error ? error.message : String(error);
  }
}
