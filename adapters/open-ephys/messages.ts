/** One channel of one block of continuous data; the samples themselves are not read. Source: ZmqInterface.cpp @3851391. */
export interface DataMessage {
  readonly kind: "data";
  readonly messageNum: number;
  /** First sample of the block. */
  readonly sampleNum: number;
  readonly numSamples: number;
  readonly sampleRateHz: number;
  readonly channel: number;
}

/** A digital line changed: `word` is the state of the first 64 lines after the change. */
export interface TtlMessage {
  readonly kind: "ttl";
  readonly messageNum: number;
  readonly sampleNum: number;
  readonly line: number;
  readonly state: 0 | 1;
  readonly word: bigint;
}

/** Free text of the rig (event type 5, UTF-8 payload). */
export interface TextMessage {
  readonly kind: "text";
  readonly messageNum: number;
  readonly sampleNum: number;
  readonly text: string;
}

/** One spike; `sampleNum` is the sample of its peak, `sortedId` 0 means unsorted. */
export interface SpikeMessage {
  readonly kind: "spike";
  readonly messageNum: number;
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
