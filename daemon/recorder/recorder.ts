import { encodeRecord, sourceRecord } from "../../adapters/recording/log-records.ts";
import { McapLog } from "../../adapters/recording/mcap-log.ts";
import type { EventBody, FrameBody, SwitchedBody } from "../../src/protocol/messages.ts";
import type { SourceMessage } from "../../src/signal/types.ts";
import type { Sink } from "./file-sink.ts";

export interface RecordingStatus {
  /** `stopped`: by an error, `detail` says which. */
  readonly state: "recording" | "stopped" | "closed";
  readonly path: string;
  /** On the disk. */
  readonly bytes: number;
  /** Taken in; those of the open chunk are not on the disk yet. */
  readonly records: number;
  readonly detail: string;
}

export interface RecorderParts {
  readonly sink: Sink;
  readonly path: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Unix time of daemon time 0, ms. */
  readonly originUnixMs: number;
  /** Keep the pictures of frames. */
  readonly frames: boolean;
  /** Called once, when recording ends before its time. */
  readonly onStopped: (detail: string) => void;
}

/** A crash costs at most as much as was taken in since the last chunk. */
const CHUNK_MS = 1_000;
const CHUNK_BYTES = 1024 * 1024;
/** A disk that is this far behind does not catch up; memory stays bounded. */
const MOST_WAITING_BYTES = 64 * 1024 * 1024;

/**
 * Appends what the daemon received and decided to a file, in chunks that are readable whatever happens after them. Taking in never waits;
 * a disk that is full, gone or too slow stops the recording loudly and nothing else.
 */
export class Recorder {
  readonly #parts: RecorderParts;
  readonly #log = new McapLog();
  readonly #timer: NodeJS.Timeout;
  #writing: Promise<void> = Promise.resolve();
  #waitingBytes = 0;
  #status: RecordingStatus;

  constructor(parts: RecorderParts) {
    this.#parts = parts;
    this.#status = { state: "recording", path: parts.path, bytes: 0, records: 0, detail: "" };
    this.#write(this.#log.begin(parts.metadata));
    this.#timer = setInterval(() => this.flush(), CHUNK_MS).unref();
  }

  status(): RecordingStatus {
    return this.#status;
  }

  /** A message of a source, as it was received. */
  message(message: SourceMessage): void {
    if (this.#status.state !== "recording") return;
    const { topic, body } = sourceRecord(message);
    this.#add(topic, message.receivedAtMs, body);
  }

  /** A client's event, known from `knownMs` on. */
  note({ n, text, atMs }: EventBody, knownMs: number): void {
    if (this.#status.state !== "recording") return;
    this.#add("note", knownMs, { n, text, atMs, receivedAtMs: knownMs });
  }

  /** Frames are of another bundle from one on. */
  switched({ bundle, digest, seq, bin, atMs }: SwitchedBody): void {
    if (this.#status.state !== "recording") return;
    this.#add("bundle", atMs, { bundle, digest, seq, bin, atMs });
  }

  /** A frame that was written at `writtenMs`: its lineage, and the picture when that is asked for. */
  frame(frame: FrameBody, writtenMs: number): void {
    if (this.#status.state !== "recording") return;
    const { image, ...lineage } = frame;
    const stamps = { ...frame.stamps, written: writtenMs };
    this.#add("frame", writtenMs, { ...lineage, stamps, ...(this.#parts.frames && { image }) });
  }

  /** Closes the open chunk and begins to write it. */
  flush(): void {
    const chunk = this.#log.takeChunk();
    if (chunk !== null) this.#write(chunk);
  }

  /** Writes what is left and the summary, then closes the file. Never rejects. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.flush();
    await this.#writing;
    if (this.#status.state !== "recording") return;
    this.#write(this.#log.end(this.#status.bytes));
    await this.#writing;
    await this.#parts.sink.close().catch((error: unknown) => this.#stop(error));
    if (this.#status.state === "recording") this.#status = { ...this.#status, state: "closed" };
  }

  #add(topic: string, atMs: number, body: Record<string, unknown>): void {
    // Microseconds: a double does not hold today's Unix time in ns.
    const timeNs = BigInt(Math.round((this.#parts.originUnixMs + atMs) * 1000)) * 1000n;
    this.#log.add({ topic, timeNs, data: encodeRecord(body) });
    this.#status = { ...this.#status, records: this.#status.records + 1 };
    if (this.#log.pendingBytes > CHUNK_BYTES) this.flush();
  }

  #write(bytes: Uint8Array): void {
    if (this.#status.state !== "recording") return;
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > MOST_WAITING_BYTES) {
      this.#stop(new Error(`the disk is too slow: ${this.#waitingBytes} bytes wait`));
      return;
    }
    this.#writing = this.#writing.then(async () => {
      if (this.#status.state !== "recording") return;
      try {
        await this.#parts.sink.write(bytes);
        this.#waitingBytes -= bytes.length;
        this.#status = { ...this.#status, bytes: this.#status.bytes + bytes.length };
      } catch (error) {
        this.#stop(error);
      }
    });
  }

  #stop(error: unknown): void {
    if (this.#status.state !== "recording") return;
    const detail = error instanceof Error ? error.message : String(error);
    this.#status = { ...this.#status, state: "stopped", detail };
    clearInterval(this.#timer);
    this.#parts.sink.close().catch(() => {});
    this.#parts.onStopped(detail);
  }
}
