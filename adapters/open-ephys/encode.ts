/** Envelope of continuous data: ASCII with the trailing NUL that the plugin sends. */
export const DATA_ENVELOPE = Buffer.from("DATA\0");
/** Envelope of TTL events, text events and spikes alike. */
export const EVENT_ENVELOPE = Buffer.from("EVENT\0");

/** Frames of one multipart message. */
export type Frames = [envelope: Buffer, header: Buffer, payload: Buffer];

/** What every header of one plugin instance says. `wallClockMs` stamps messages with Unix ms at send. */
export interface EncoderOptions {
  readonly stream: string;
  readonly sourceNode: number;
  readonly wallClockMs: () => number;
}

export interface SpikeFields {
  readonly electrode: string;
  readonly sampleNum: number;
  readonly sortedId: number;
  /** uV, one per channel. */
  readonly threshold: readonly number[];
  /** uV, shape [channels, samples], channel after channel. */
  readonly waveform: Float32Array;
}

export interface DataFields {
  readonly channel: number;
  readonly channelName: string;
  readonly sampleNum: number;
  readonly sampleRateHz: number;
  /** uV, shape [samples]. */
  readonly samples: Float32Array;
}

/** Writes what the ZMQ Interface plugin sends, byte for byte, with its one counter over all kinds of message. */
export interface Encoder {
  spike(fields: SpikeFields): Frames;
  data(fields: DataFields): Frames;
  ttl(sampleNum: number, line: number, state: 0 | 1, word: bigint): Frames;
  text(sampleNum: number, text: string): Frames;
}

/** A new encoder counts from 0, as the plugin does at the start of an acquisition. Source: ZmqInterface.cpp @3851391. */
export function createEncoder(options: EncoderOptions): Encoder {
  let messageNum = 0;
  const origin: Member[] = [["stream", quote(options.stream)]];
  const node: Member = ["source_node", String(options.sourceNode)];
  const header = (type: string, key: string, body: Member[], size?: number): Buffer => {
    const members: Member[] = [
      ["message_num", String(messageNum++)],
      ["type", quote(type)],
      [key, object(body, 1)],
    ];
    if (size !== undefined) members.push(["data_size", String(size)]);
    members.push(["timestamp", String(options.wallClockMs())]);
    return Buffer.from(object(members, 0));
  };
  const event = (type: 3 | 5, sampleNum: number, payload: Buffer): Frames => {
    const body: Member[] = [...origin, node, ["type", String(type)], ["sample_num", String(sampleNum)]];
    return [EVENT_ENVELOPE, header("event", "content", body, payload.length), payload];
  };
  return {
    spike: (fields) => [
      EVENT_ENVELOPE,
      header("spike", "spike", [...origin, node, ...spikeBody(fields)]),
      bytes(fields.waveform),
    ],
    data: (fields) => {
      const payload = bytes(fields.samples);
      return [DATA_ENVELOPE, header("data", "content", [...origin, ...dataBody(fields)], payload.length), payload];
    },
    ttl: (sampleNum, line, state, word) => event(3, sampleNum, ttlPayload(line, state, word)),
    text: (sampleNum, text) => event(5, sampleNum, Buffer.from(text)),
  };
}

/** A key and its value, already JSON. */
type Member = readonly [key: string, json: string];

function spikeBody({ electrode, sampleNum, sortedId, threshold, waveform }: SpikeFields): Member[] {
  return [
    ["electrode", quote(electrode)],
    ["sample_num", String(sampleNum)],
    ["num_channels", String(threshold.length)],
    ["num_samples", String(waveform.length / threshold.length)],
    ["sorted_id", String(sortedId)],
    ["threshold", array(threshold.map(double), 2)],
  ];
}

function dataBody({ channel, channelName, samples, sampleNum, sampleRateHz }: DataFields): Member[] {
  return [
    ["channel_num", String(channel)],
    ["channel_name", quote(channelName)],
    ["num_samples", String(samples.length)],
    ["sample_num", String(sampleNum)],
    ["sample_rate", double(sampleRateHz)],
  ];
}

function ttlPayload(line: number, state: 0 | 1, word: bigint): Buffer {
  const payload = Buffer.alloc(10);
  payload.writeUInt8(line, 0);
  payload.writeUInt8(state, 1);
  payload.writeBigUInt64LE(word, 2);
  return payload;
}

// JUCE prints JSON over several lines with CRLF and two spaces a level, arrays too, and whole doubles with ".0".
function object(members: readonly Member[], level: number): string {
  let json = "{";
  let separator = "\r\n";
  for (const [key, value] of members) {
    json += `${separator}${INDENT[level + 1]}"${key}": ${value}`;
    separator = ",\r\n";
  }
  return `${json}\r\n${INDENT[level]}}`;
}

function array(items: readonly string[], level: number): string {
  if (items.length === 0) return "[]";
  const indent = `\r\n${INDENT[level + 1]}`;
  return `[${indent}${items.join(`,${indent}`)}\r\n${INDENT[level]}]`;
}

const INDENT = ["", "  ", "    ", "      "];

function double(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}

function quote(value: string): string {
  return JSON.stringify(value);
}

function bytes(samples: Float32Array): Buffer {
  return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
}
