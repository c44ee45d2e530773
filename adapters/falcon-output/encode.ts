export interface FalconFields {
  /** uV, shape [channels, samples]. */
  readonly samples: Float32Array;
  /** One word of 16 lines per sample. */
  readonly eventCodes: Uint16Array;
  readonly stream: string;
  readonly channels: number;
  readonly sampleNum: number;
  readonly messageId: bigint;
  readonly sampleRateHz: number;
  /** Ticks of the sender, s. */
  readonly timestamp: number;
}

const FIELDS = 9;
const VTABLE_BYTES = 4 + 2 * FIELDS;
/** Offsets of the fields in the table, by their number in the schema: three references, then scalars, aligned. */
const OFFSETS = [4, 8, 12, 16, 20, 24, 32, 40, 48] as const;
const TABLE_BYTES = 52;
/** Vtable and table lie so that the 64-bit fields are aligned to 8. */
const VTABLE_AT = 6;
const TABLE_AT = 32;
const PAYLOAD_AT = TABLE_AT + TABLE_BYTES + 4;

/** One message as the plugin sends it: the same table in one of the layouts that FlatBuffers allows. */
export function encodeBlock(fields: FalconFields): Buffer {
  const text = Buffer.from(fields.stream);
  const samples = Buffer.from(fields.samples.buffer, fields.samples.byteOffset, fields.samples.byteLength);
  const codes = Buffer.from(fields.eventCodes.buffer, fields.eventCodes.byteOffset, fields.eventCodes.byteLength);
  const samplesAt = PAYLOAD_AT;
  const codesAt = align(samplesAt + 4 + samples.length);
  const textAt = align(codesAt + 4 + codes.length);
  const out = Buffer.alloc(align(textAt + 4 + text.length + 1));
  out.writeUInt32LE(TABLE_AT, 0);
  out.writeUInt16LE(VTABLE_BYTES, VTABLE_AT);
  out.writeUInt16LE(TABLE_BYTES, VTABLE_AT + 2);
  OFFSETS.forEach((offset, field) => void out.writeUInt16LE(offset, VTABLE_AT + 4 + 2 * field));
  out.writeInt32LE(TABLE_AT - VTABLE_AT, TABLE_AT);
  const reference = (field: 0 | 1 | 2, to: number, length: number, bytes: Buffer) => {
    const at = TABLE_AT + OFFSETS[field];
    out.writeUInt32LE(to - at, at);
    out.writeUInt32LE(length, to);
    bytes.copy(out, to + 4);
  };
  reference(0, samplesAt, fields.samples.length, samples);
  reference(1, codesAt, fields.eventCodes.length, codes);
  reference(2, textAt, text.length, text);
  out.writeUInt32LE(fields.channels, TABLE_AT + OFFSETS[3]);
  out.writeUInt32LE(fields.samples.length / fields.channels, TABLE_AT + OFFSETS[4]);
  out.writeBigUInt64LE(BigInt(fields.sampleNum), TABLE_AT + OFFSETS[5]);
  out.writeDoubleLE(fields.timestamp, TABLE_AT + OFFSETS[6]);
  out.writeBigUInt64LE(fields.messageId, TABLE_AT + OFFSETS[7]);
  out.writeUInt32LE(fields.sampleRateHz, TABLE_AT + OFFSETS[8]);
  return out;
}

function align(at: number): number {
  return Math.ceil(at / 4) * 4;
}
