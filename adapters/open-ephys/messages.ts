/** What every message says: its number in the connection's one sequence, and whose clock its sample number counts. */
interface Common {
  readonly messageNum: number;
  readonly stream: string;
}

/** One channel of one block of continuous data. Source: ZmqInterface.cpp @3851391. */
export interface DataMessage extends Common {
  readonly kind: "data";
  /** First sample of the block. */
  readonly sampleNum: number;
  readonly numSamples: number;
  readonly sampleRateHz: number;
  readonly channel: number;
  /** Since July 2025. */
  readonly channelName: string | undefined;
  /** uV, float32 little-endian; borrowed from the message. */
  readonly payload: Uint8Array;
}

/** A digital line changed: `word` is the state of the first 64 lines after the change. */
export interface TtlMessage extends Common {
  readonly kind: "ttl";
  readonly sampleNum: number;
  readonly line: number;
  readonly state: 0 | 1;
  readonly word: bigint;
}

/** Free text of the rig (event type 5, UTF-8 payload). */
export interface TextMessage extends Common {
  readonly kind: "text";
  readonly sampleNum: number;
  readonly text: string;
}

/** One spike; `sampleNum` is the sample of its peak, `sortedId` 0 means unsorted. */
export interface SpikeMessage extends Common {
  readonly kind: "spike";
  readonly sampleNum: number;
  readonly electrode: string;
  readonly sortedId: number;
}

/** A message that does not follow the layout, and why. */
export interface Malformed {
  readonly kind: "malformed";
  readonly reason: string;
}

export type OpenEphysMessage = DataMessage | TtlMessage | TextMessage | SpikeMessage;
