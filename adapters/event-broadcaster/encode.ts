import { RAW, TOPIC } from "./messages.ts";

/** Frames of one message. */
export type Frames = [topic: Buffer, body: Buffer];

export interface SpikeFields {
  readonly stream: string;
  readonly streamId: number;
  readonly sourceNode: number;
  readonly electrode: string;
  readonly electrodeIndex: number;
  readonly sampleRateHz: number;
  readonly sampleNum: number;
  readonly sortedId: number;
  /** uV, one per channel: the peak. */
  readonly amplitudes: readonly number[];
}

export interface TtlFields {
  readonly stream: string;
  readonly streamId: number;
  readonly sourceNode: number;
  readonly channelName: string;
  readonly sampleRateHz: number;
  readonly sampleNum: number;
  readonly line: number;
  readonly state: 0 | 1;
}

/** What the Event Broadcaster plugin sends in its JSON format. */
export const jsonFormat = {
  spike: (fields: SpikeFields): Frames => {
    const amplitudes = fields.amplitudes.map((value, channel) => [`amp${channel + 1}`, value] as const);
    return json(TOPIC.spike, {
      event_type: "spike",
      stream: fields.stream,
      source_node: fields.sourceNode,
      electrode: fields.electrode,
      num_channels: fields.amplitudes.length,
      sample_rate: fields.sampleRateHz,
      sample_number: fields.sampleNum,
      sorted_id: fields.sortedId,
      ...Object.fromEntries(amplitudes),
    });
  },
  ttl: (fields: TtlFields): Frames =>
    json(TOPIC.ttl, {
      event_type: "ttl",
      stream: fields.stream,
      source_node: fields.sourceNode,
      sample_rate: fields.sampleRateHz,
      channel_name: fields.channelName,
      sample_number: fields.sampleNum,
      line: fields.line,
      state: fields.state,
    }),
};

/** What it sends in its raw format: the GUI's own serialisation, little-endian and packed. */
export const rawFormat = {
  spike: (fields: SpikeFields, waveform: Float32Array): Frames => {
    const channels = fields.amplitudes.length;
    const body = Buffer.alloc(RAW.spike + 4 * channels + 4 * waveform.length);
    common(body, BASE_SPIKE, fields.sourceNode, fields.streamId, fields.electrodeIndex, fields);
    body.writeUInt16LE(fields.sortedId, RAW.event);
    for (let channel = 0; channel < channels; channel++) body.writeFloatLE(-50, RAW.spike + 4 * channel);
    waveform.forEach((value, i) => void body.writeFloatLE(value, RAW.spike + 4 * channels + 4 * i));
    return [topicFrame(TOPIC.spike), body];
  },
  ttl: (fields: TtlFields): Frames => {
    const body = Buffer.alloc(RAW.ttl);
    common(body, BASE_EVENT, fields.sourceNode, fields.streamId, 0, fields);
    body.writeUInt8(fields.line, RAW.event);
    body.writeUInt8(fields.state, RAW.event + 1);
    body.writeBigUInt64LE(BigInt(fields.state) << BigInt(fields.line), RAW.event + 2);
    return [topicFrame(TOPIC.ttl), body];
  },
};

const BASE_EVENT = 1;
const BASE_SPIKE = 2;
const SUBTYPE_TTL = 3;
const SUBTYPE_SINGLE = 1;

type Clocked = Pick<TtlFields, "sampleNum" | "sampleRateHz">;

function common(body: Buffer, type: number, node: number, stream: number, channel: number, clocked: Clocked): void {
  body.writeUInt8(type, 0);
  body.writeUInt8(type === BASE_EVENT ? SUBTYPE_TTL : SUBTYPE_SINGLE, 1);
  body.writeUInt16LE(node, 2);
  body.writeUInt16LE(stream, 4);
  body.writeUInt16LE(channel, 6);
  body.writeBigInt64LE(BigInt(clocked.sampleNum), 8);
  body.writeDoubleLE(clocked.sampleNum / clocked.sampleRateHz, 16);
}

function topicFrame(topic: number): Buffer {
  return Buffer.from([topic, 0]);
}

function json(topic: number, fields: object): Frames {
  return [topicFrame(topic), Buffer.from(JSON.stringify(fields))];
}
