/** A line changed. */
export interface BroadcastTtl {
  readonly kind: "ttl";
  readonly stream: string;
  readonly sampleNum: number;
  /** Undefined in the raw format, which does not say it. */
  readonly sampleRateHz: number | undefined;
  readonly line: number;
  readonly state: 0 | 1;
}

/** One spike; `sampleNum` is the sample of its peak, `sortedId` 0 means unsorted. */
export interface BroadcastSpike {
  readonly kind: "spike";
  readonly stream: string;
  readonly sampleNum: number;
  readonly sampleRateHz: number | undefined;
  readonly electrode: string;
  readonly sortedId: number;
}

export interface Malformed {
  readonly kind: "malformed";
  readonly reason: string;
}

/** First frame: uint16 little-endian. */
export const TOPIC = { ttl: 0, spike: 1 } as const;
/** Sizes of the raw format, bytes. */
export const RAW = { event: 24, ttl: 34, spike: 26 } as const;

/** The raw format has no names: the GUI's default one for the n-th electrode. */
export function rawElectrode(channelIndex: number): string {
  return `Electrode ${channelIndex + 1}`;
}
