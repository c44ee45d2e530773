import { Unpackr } from "msgpackr";
import type { z } from "zod";
import { expected } from "../errors.ts";
import { clientSchemas } from "./client-schema.ts";
import type { ClientMessage, ServerMessage } from "./messages.ts";
import { plainProblem } from "./plain.ts";
import { serverSchemas } from "./server-schema.ts";

/** A message, or why there is none: `problem` is a sentence for the peer that sent it, `id` the message's where it could be read. */
export type Parsed<Message> =
  | { ok: true; message: Message }
  | { ok: false; code: "PROTOCOL_MALFORMED" | "PROTOCOL_UNSUPPORTED"; problem: string; id: number | null };

/** Size above which a client message is refused, bytes (the server closes with 1009 before it comes to this). */
export const MAX_CLIENT_BYTES = 65_536;
/** Size above which a client refuses a server message, bytes. */
export const MAX_SERVER_BYTES = 16_777_216;
const MAX_DEPTH = 8;
const MAX_QUOTE = 60;

const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: "number" });

/** Reads a client's message. Hostile bytes give `ok: false`, never an exception. */
export function parseClientMessage(bytes: Uint8Array, maxBytes = MAX_CLIENT_BYTES): Parsed<ClientMessage> {
  return parse<ClientMessage>(bytes, maxBytes, clientSchemas);
}

/** Reads a server's message. `bin` fields share the memory of `bytes`. Unknown types give PROTOCOL_UNSUPPORTED: ignore them. */
export function parseServerMessage(bytes: Uint8Array, maxBytes = MAX_SERVER_BYTES): Parsed<ServerMessage> {
  return parse<ServerMessage>(bytes, maxBytes, serverSchemas);
}

function parse<Message>(
  bytes: Uint8Array,
  maxBytes: number,
  schemas: Record<string, z.ZodType<Message>>,
): Parsed<Message> {
  if (bytes.length > maxBytes) return malformed(expected("message", `at most ${maxBytes} bytes`, bytes.length));
  const problem = plainProblem(bytes, MAX_DEPTH);
  if (problem !== null) return malformed(`message: ${problem}`);
  const value = unpack(bytes);
  if (typeof value !== "object" || value === null || !("type" in value) || typeof value.type !== "string") {
    return malformed("message: expected a map with a string `type`");
  }
  const schema = Object.hasOwn(schemas, value.type) ? schemas[value.type] : undefined;
  if (schema === undefined) {
    const wanted = `one of ${Object.keys(schemas).join(", ")}`;
    const problem = expected("type", wanted, value.type.slice(0, MAX_QUOTE));
    return { ok: false, code: "PROTOCOL_UNSUPPORTED", problem, id: idOf(value) };
  }
  const result = schema.safeParse(value);
  if (result.success) return { ok: true, message: result.data };
  return malformed(firstIssue(value.type, result.error), idOf(value));
}

// A plain Uint8Array: `bin` fields are views of it, and views of a Buffer would be Buffers.
function unpack(bytes: Uint8Array): unknown {
  try {
    return unpackr.unpack(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch {
    return undefined;
  }
}

function firstIssue(type: string, error: z.ZodError): string {
  const issue = error.issues[0];
  const path = [type, ...(issue?.path ?? [])].join(".");
  return `${path}: ${issue?.message ?? "not valid"}`.slice(0, 4 * MAX_QUOTE);
}

function idOf(value: object): number | null {
  return "id" in value && Number.isSafeInteger(value.id) ? Number(value.id) : null;
}

function malformed(problem: string, id: number | null = null): Parsed<never> {
  return { ok: false, code: "PROTOCOL_MALFORMED", problem, id };
}
