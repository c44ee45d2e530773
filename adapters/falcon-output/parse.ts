import { rootTable } from "./flatbuffer.ts";

/** All channels of one block. Source: channel.fbs, FalconOutput.cpp @779758b. */
export interface FalconBlock {
  readonly kind: "block";
  /** uV, float32 little-endian, shape [channels, samples]; borrowed from the message. */
  readonly samples: Uint8Array;
  /** uint16 little-endian, one word of 16 lines per sample; empty without lines. Borrowed. */
  readonly eventCodes: Uint8Array;
  readonly stream: string;
  readonly channels: number;
  readonly numSamples: number;
  /** First sample of the block. */
  readonly sampleNum: number;
  /** Counts messages; goes on over acquisitions. */
  readonly messageId: bigint;
  readonly sampleRateHz: number;
}

export interface Malformed {
  readonly kind: "malformed";
  readonly reason: string;
}

/** Order of the fields in the schema. */
const FIELD = { samples: 0, eventCodes: 1, stream: 2, channels: 3, numSamples: 4, sampleNum: 5, messageId: 7, rate: 8 };
const MAX_CHANNELS = 65_536;
const NOTHING = new Uint8Array();

/** Frames of a message -> a block, or the reason why it is none. Never throws. Layout: wire-formats 1.2. */
export function parseBlock(frames: readonly Uint8Array[]): FalconBlock | Malformed {
  const [frame] = frames;
  if (frame === undefined || frames.length !== 1) return wrong("frames", "1", frames.length);
  const table = rootTable(frame);
  if (table === undefined) return wrong("message", "a FlatBuffer", `${frame.length} bytes whose offsets lead outside`);
  const channels = table.uint32(FIELD.channels) ?? 0;
  const numSamples = table.uint32(FIELD.numSamples) ?? 0;
  if (channels < 1 || channels > MAX_CHANNELS) return wrong("n_channels", `1 to ${MAX_CHANNELS}`, channels);
  if (numSamples < 1) return wrong("n_samples", "1 or more", numSamples);
  const samples = table.vector(FIELD.samples, 4) ?? NOTHING;
  const bytes = 4 * channels * numSamples;
  if (samples.length !== bytes) return wrong("samples", `${bytes} bytes`, samples.length);
  const eventCodes = table.vector(FIELD.eventCodes, 2) ?? NOTHING;
  if (eventCodes.length !== 0 && eventCodes.length !== 2 * numSamples)
    return wrong("event_codes", `none or ${numSamples}`, eventCodes.length / 2);
  const sampleNum = Number(table.uint64(FIELD.sampleNum) ?? 0n);
  if (!Number.isSafeInteger(sampleNum)) return wrong("sample_num", "below 2^53", sampleNum);
  const sampleRateHz = table.uint32(FIELD.rate) ?? 0;
  if (sampleRateHz < 1 || sampleRateHz > 1e7) return wrong("sample_rate", "1 Hz to 10 MHz", sampleRateHz);
  const messageId = table.uint64(FIELD.messageId) ?? 0n;
  const stream = table.string(FIELD.stream) ?? "";
  return { kind: "block", samples, eventCodes, stream, channels, numSamples, sampleNum, messageId, sampleRateHz };
}

function wrong(subject: string, wanted: string, got: unknown): Malformed {
  return { kind: "malformed", reason: `${subject}: expected ${wanted}, got ${String(got)}` };
}
