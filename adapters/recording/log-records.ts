import { Packr, Unpackr } from "msgpackr";
import { z } from "zod";
import { plainProblem } from "../../src/protocol/plain.ts";
import type { SourceMessage } from "../../src/signal/types.ts";
import type { Fail } from "./fail.ts";
import type { LogMessage } from "./mcap-log.ts";

/** Version of the layout that docs/recordings.md describes. */
export const LOG_FORMAT = "1";

const packr = new Packr({ useRecords: false, encodeUndefinedAsNil: true });
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: "number" });
const MAX_DEPTH = 8;

/** Bytes of a record; its topic is not in it. Typed arrays become little-endian `bin`. */
export function encodeRecord(body: Record<string, unknown>): Uint8Array {
  return packr.pack(body);
}

/** A source's message as a record: topic and body. */
export function sourceRecord(message: SourceMessage): { topic: SourceMessage["kind"]; body: Record<string, unknown> } {
  const { kind, ...body } = message;
  const fields = Object.entries(body).map(([key, value]) => [key, ArrayBuffer.isView(value) ? bin(value) : value]);
  return { topic: kind, body: Object.fromEntries(fields) };
}

function bin(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

const number = z.number();
// NaN is how "unknown" travels.
const anyNumber = z.union([z.number(), z.nan()]);
const base = { source: z.string().max(200), receivedAtMs: number };
const bytes = z.instanceof(Uint8Array);
const float64s = bytes.refine(({ length }) => length % 8 === 0, "whole float64 values");
const uint16s = bytes.refine(({ length }) => length % 2 === 0, "whole uint16 values");
const float64Array = float64s.transform((raw) => new Float64Array(Uint8Array.from(raw).buffer));
const uint16Array = uint16s.transform((raw) => new Uint16Array(Uint8Array.from(raw).buffer));

const schemas = {
  spikes: z
    .object({ ...base, seq: number, times: float64Array, units: uint16Array })
    .refine(({ times, units }) => times.length === units.length, "as many units as times"),
  counts: z
    .object({ ...base, seq: number, times: float64Array, counts: uint16Array, intervalS: z.number().positive() })
    .refine(({ times, counts }) => counts.length === 0 || counts.length % times.length === 0, "whole samples"),
  event: z.object({ ...base, time: number, event: z.enum(["text", "ttl"]), text: z.string() }),
  clock: z.object({ ...base, time: number }),
  sync: z.object({ ...base, offsetMs: anyNumber, uncertaintyMs: anyNumber }),
  restart: z.object(base),
  connection: z.object({ ...base, state: z.enum(["connecting", "connected", "disconnected"]), detail: z.string() }),
} satisfies { [Kind in SourceMessage["kind"]]: z.ZodType };

type Topic = keyof typeof schemas;

/** The source message of a record; null for records of other topics (frames, notes). Calls `fail` for what does not follow docs/recordings.md. */
export function parseRecord(record: LogMessage, index: number, fail: Fail): SourceMessage | null {
  const kind = record.topic;
  if (!isTopic(kind)) return null;
  const problem = plainProblem(record.data, MAX_DEPTH);
  if (problem !== null) return fail(`record ${index}`, kind, "plain MessagePack", problem);
  const parsed = schemas[kind].safeParse(unpackr.unpack(record.data));
  if (parsed.success) return { kind, ...parsed.data } as SourceMessage;
  const issue = parsed.error.issues[0];
  return fail(
    `record ${index}`,
    `${kind} ${issue?.path.join(".") ?? ""}`,
    "what docs/recordings.md says",
    issue?.message,
  );
}

function isTopic(topic: string): topic is Topic {
  return Object.hasOwn(schemas, topic);
}

/** What the metadata record of a recording says. */
export const logMetadata = z.object({
  format: z.literal(LOG_FORMAT),
  session: z.string(),
  started: z.string(),
  /** Unix time of daemon time 0, ms. */
  originUnixMs: z.string().transform(Number).pipe(number),
  bundle: z.string(),
  digest: z.string(),
  unitLabels: z
    .string()
    .transform((text) => parseJson(text))
    .pipe(z.array(z.string()).max(65_535)),
  config: z.string(),
});
export type LogMetadata = z.infer<typeof logMetadata>;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
