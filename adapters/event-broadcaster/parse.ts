import { type BroadcastSpike, type BroadcastTtl, type Malformed, RAW, rawElectrode, TOPIC } from "./messages.ts";

/** Longest JSON that is looked at, bytes: real ones are under 1 KiB. */
const MAX_JSON_BYTES = 16_384;
const OPENING_BRACE = 0x7b;

type Parsed = BroadcastTtl | BroadcastSpike | Malformed;
type Fields = Record<string, unknown>;

/** Frames of one message -> a typed message, or the reason why it is none. Never throws. JSON and raw; layout: wire-formats 1.3. */
export function parseBroadcast(frames: readonly Uint8Array[]): Parsed {
  const [topicFrame, body] = frames;
  if (topicFrame === undefined || body === undefined || frames.length !== 2) return wrong("frames", "2", frames.length);
  if (topicFrame.length !== 2) return wrong("topic", "2 bytes", topicFrame.length);
  const topic = topicFrame[0]! | (topicFrame[1]! << 8);
  if (topic !== TOPIC.ttl && topic !== TOPIC.spike) return wrong("topic", "0 (TTL) or 1 (spike)", topic);
  return body[0] === OPENING_BRACE ? parseJson(topic, body) : parseRaw(topic, body);
}

function parseRaw(topic: number, body: Uint8Array): Parsed {
  const spike = topic === TOPIC.spike;
  const least = spike ? RAW.spike : RAW.ttl;
  if (body.length < least || (!spike && body.length !== least) || (spike && (body.length - least) % 4 !== 0))
    return wrong(spike ? "raw spike" : "raw TTL", `${least} bytes${spike ? " and whole floats" : ""}`, body.length);
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const stream = String(view.getUint16(4, true));
  const sampleNum = Number(view.getBigInt64(8, true));
  if (!isSampleNum(sampleNum)) return wrong("sample number", "a whole number from 0", sampleNum);
  const place = { stream, sampleNum, sampleRateHz: undefined };
  if (spike) {
    const electrode = rawElectrode(view.getUint16(6, true));
    return { kind: "spike", ...place, electrode, sortedId: view.getUint16(24, true) };
  }
  const state = view.getUint8(25);
  if (state !== 0 && state !== 1) return wrong("TTL state", "0 or 1", state);
  return { kind: "ttl", ...place, line: view.getUint8(24), state };
}

function parseJson(topic: number, body: Uint8Array): Parsed {
  if (body.length > MAX_JSON_BYTES) return wrong("JSON", `at most ${MAX_JSON_BYTES} bytes`, body.length);
  const fields = fieldsOf(body);
  if (fields === undefined) return wrong("message", "a JSON object", "text that is none");
  const { stream = "", sample_number: sampleNum, sample_rate: sampleRateHz } = fields;
  if (typeof stream !== "string") return wrong("stream", "a name", stream);
  if (!isSampleNum(sampleNum)) return wrong("sample_number", "a whole number from 0", sampleNum);
  if (sampleRateHz !== undefined && !isRate(sampleRateHz)) return wrong("sample_rate", "1 Hz to 10 MHz", sampleRateHz);
  const place = { stream, sampleNum, sampleRateHz };
  return topic === TOPIC.spike ? jsonSpike(place, fields) : jsonTtl(place, fields);
}

type Place = Pick<BroadcastSpike, "stream" | "sampleNum" | "sampleRateHz">;

function jsonSpike(place: Place, { electrode, sorted_id: sortedId }: Fields): Parsed {
  if (typeof electrode !== "string" || electrode === "") return wrong("electrode", "a name", electrode);
  if (!isInteger(sortedId, 65_535)) return wrong("sorted_id", "a uint16", sortedId);
  return { kind: "spike", ...place, electrode, sortedId };
}

function jsonTtl(place: Place, { line, state }: Fields): Parsed {
  if (!isInteger(line, 65_535)) return wrong("line", "a whole number from 0", line);
  const level = typeof state === "boolean" ? Number(state) : state;
  if (level !== 0 && level !== 1) return wrong("state", "0 or 1", state);
  return { kind: "ttl", ...place, line, state: level };
}

function fieldsOf(body: Uint8Array): Fields | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8"));
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isInteger(value: unknown, high: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= high;
}

function isSampleNum(value: unknown): value is number {
  return isInteger(value, Number.MAX_SAFE_INTEGER);
}

function isRate(value: unknown): value is number {
  return typeof value === "number" && value >= 1 && value <= 1e7;
}

function wrong(subject: string, wanted: string, got: unknown): Malformed {
  const shown = typeof got === "object" && got !== null ? "an object" : String(got).slice(0, 40);
  return { kind: "malformed", reason: `${subject}: expected ${wanted}, got ${shown}` };
}
