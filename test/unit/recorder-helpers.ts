import type { Sink } from "../../daemon/recorder/file-sink.ts";
import { Recorder, type RecorderParts } from "../../daemon/recorder/recorder.ts";
import type { SourceMessage } from "../../src/signal/types.ts";

/** One of each kind, with values that only exact copies keep. */
export const loggedMessages: readonly SourceMessage[] = [
  { kind: "connection", source: "r", state: "connected", detail: "tcp://\u00e9", receivedAtMs: 0.1 },
  {
    kind: "spikes",
    source: "r",
    seq: 0,
    times: Float64Array.of(0.1 + 0.2, 1 / 3, 5e-324),
    units: Uint16Array.of(0, 1, 65_535),
    receivedAtMs: 12.345_678_901,
  },
  { kind: "spikes", source: "r", seq: 1, times: new Float64Array(), units: new Uint16Array(), receivedAtMs: 13 },
  {
    kind: "counts",
    source: "r",
    seq: 2,
    times: Float64Array.of(1, 1.02),
    counts: Uint16Array.of(0, 3, 65_535, 1),
    intervalS: 0.02,
    receivedAtMs: 14,
  },
  { kind: "event", source: "r", time: 1.5, event: "text", text: "stimulus s1", receivedAtMs: 15 },
  { kind: "event", source: "r", time: 1.6, event: "ttl", text: "line=3 state=1", receivedAtMs: 15 },
  { kind: "clock", source: "r", time: 2, receivedAtMs: 16 },
  { kind: "sync", source: "r", offsetMs: -3.25, uncertaintyMs: Number.NaN, receivedAtMs: 16.5 },
  { kind: "restart", source: "r", receivedAtMs: 17 },
];

export const metadata = {
  format: "1",
  session: "s",
  started: "2026-01-01T00:00:00.000Z",
  originUnixMs: "1767225600000",
  bundle: "tiny",
  digest: "d",
  unitLabels: JSON.stringify(["a.1", "b.1"]),
  config: "{}",
};

export interface MemorySink extends Sink {
  bytes(): Uint8Array;
  writes(): number;
  /** Bytes of each write. */
  sizes(): number[];
  closed(): boolean;
}

/** A disk of memory: one that is full after so many writes, or one on which nothing is ever done. */
export function sinkInMemory({ fullAfter = Number.POSITIVE_INFINITY, hangs = false } = {}): MemorySink {
  const written: Uint8Array[] = [];
  let closed = false;
  return {
    async write(bytes) {
      if (hangs) return new Promise(() => {});
      if (written.length >= fullAfter) throw new Error("ENOSPC: no space left on device, write");
      written.push(bytes);
    },
    async close() {
      closed = true;
    },
    bytes: () => Buffer.concat(written),
    writes: () => written.length,
    sizes: () => written.map(({ length }) => length),
    closed: () => closed,
  };
}

export function recorderOn(sink: Sink, parts: Partial<RecorderParts> = {}): Recorder {
  const originUnixMs = Number(metadata.originUnixMs);
  return new Recorder({ sink, path: "a.mcap", metadata, originUnixMs, frames: false, onStopped: () => {}, ...parts });
}
