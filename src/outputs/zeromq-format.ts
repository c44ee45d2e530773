import type { EventBody, FrameBody } from "../protocol/messages.ts";

export const ZEROMQ_TOPICS = ["latents", "frame", "event"] as const;
export type ZeroMqTopic = (typeof ZEROMQ_TOPICS)[number];

/** Three parts of one ZeroMQ message: topic (ASCII, no NUL), header (JSON, UTF-8), payload (may be empty). docs/outputs.md has the layout. */
export type Parts = readonly [topic: string, header: string, payload: Uint8Array];

/** `n` counts the messages of a topic from 0, so that a reader sees what it lost; `session` changes when the daemon restarts. */
export interface Counted {
  readonly n: number;
  readonly session: string;
}

const FORMAT = 1;
const NOTHING = new Uint8Array(0);

/** Posterior of a frame's latents. Payload: mu, then logvar, float32 little-endian, shape [2, dimension]; mu alone, shape [1, dimension], where there is no logvar. */
export function latentsMessage(frame: FrameBody, counted: Counted): Parts {
  const { mu, logvar, seq, state, bits, explained, atypicality, bins, readouts } = frame;
  const payload = new Uint8Array(mu.byteLength + logvar.byteLength);
  payload.set(mu);
  payload.set(logvar, mu.byteLength);
  const shape = [logvar.byteLength === 0 ? 1 : 2, mu.byteLength / Float32Array.BYTES_PER_ELEMENT];
  const values = Object.fromEntries(Object.entries(readouts).map(([name, bytes]) => [name, [...floats(bytes)]]));
  const header = { dtype: "<f4", shape, seq, state, bins, closedMs: closeOf(frame) };
  return message("latents", counted, { ...header, bits, explained, atypicality, readouts: values }, payload);
}

/** What a frame came from, and with `picture` the picture itself. Payload: none, or RGB bytes, shape [height, width, 3]. */
export function frameMessage(frame: FrameBody, counted: Counted, picture: boolean): Parts {
  const { width, height, image, mu: _mu, logvar: _logvar, readouts: _readouts, ...lineage } = frame;
  const shape = picture ? [height, width, 3] : [0];
  const header = { dtype: "|u1", shape, closedMs: closeOf(frame), width, height };
  return message("frame", counted, { ...header, ...lineage }, picture ? image : NOTHING);
}

/** An event of the rig, of a client or of the daemon. No payload. */
export function eventMessage(
  { n: event, source, event: kind, text, sourceS, atMs }: EventBody,
  counted: Counted,
): Parts {
  return message("event", counted, { dtype: "|u1", shape: [0], event, source, kind, text, sourceS, atMs }, NOTHING);
}

/** When the bin was closed for which the frame was written, daemon ms: that of the picture, unless it is an older one that is held. */
export function closeOf({ held, stamps, deadlineMs, budgetMs }: FrameBody): number {
  return held === null ? stamps.closed : deadlineMs - budgetMs;
}

/** Numbers that JSON has not (NaN) become null. */
function message(topic: ZeroMqTopic, counted: Counted, header: object, payload: Uint8Array): Parts {
  const { n, session } = counted;
  return [topic, JSON.stringify({ format: FORMAT, n, session, ...header }), payload];
}

/** Bytes of a message may lie anywhere. */
function floats(bytes: Uint8Array): Float32Array {
  return new Float32Array(bytes.slice().buffer);
}
