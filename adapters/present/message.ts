import { z } from "zod";
import { expected } from "../../src/errors.ts";

/** Largest side of a picture, pixels. */
export const MOST_PIXELS = 128;
/** A picture of the largest size. */
export const MOST_IMAGE_BYTES = 3 * MOST_PIXELS * MOST_PIXELS;
const MOST_HEADER_BYTES = 1_024;

/** A picture to be shown: RGB, row by row, 8 bits a channel. */
export interface PresentRequest {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly image: Uint8Array;
}

export type PresentAnswer =
  | { readonly type: "accepted"; readonly id: string }
  | { readonly type: "refused"; readonly id: string | null; readonly reason: string };

export type ParsedRequest =
  | { readonly ok: true; readonly request: PresentRequest }
  | { readonly ok: false; readonly id: string | null; readonly problem: string };

const side = z.int().min(1).max(MOST_PIXELS);
const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "expected 1 to 64 letters, digits, '-' or '_'");
const header = z.object({ type: z.literal("present"), version: z.literal(1), id, width: side, height: side });
const answer = z.discriminatedUnion("type", [
  z.object({ type: z.literal("accepted"), id }),
  z.object({ type: z.literal("refused"), id: id.nullable(), reason: z.string().max(500) }),
]);

/** docs/closed-loop.md: a header and the picture, as frames of one message. */
export function encodeRequest({ id, width, height, image }: PresentRequest): [header: string, image: Uint8Array] {
  return [JSON.stringify({ type: "present", version: 1, id, width, height }), image];
}

/** Frames of one message -> the request, or what is wrong with it, and its id where it can be told. The image is borrowed. */
export function parseRequest(frames: readonly Uint8Array[]): ParsedRequest {
  const [head, image] = frames;
  if (head === undefined || image === undefined || frames.length !== 2)
    return { ok: false, id: null, problem: expected("message", "a header and a picture", `${frames.length} frames`) };
  const value = parseJson(head);
  const parsed = header.safeParse(value);
  if (!parsed.success) {
    const known = z.object({ id }).safeParse(value);
    return { ok: false, id: known.data?.id ?? null, problem: `header: ${sentence(parsed.error)}` };
  }
  const { width, height } = parsed.data;
  if (image.length !== 3 * width * height) {
    const problem = expected("picture", `${3 * width * height} bytes`, image.length);
    return { ok: false, id: parsed.data.id, problem };
  }
  return { ok: true, request: { id: parsed.data.id, width, height, image } };
}

export function encodeAnswer(said: PresentAnswer): string {
  return JSON.stringify(said);
}

/** The frame of an answer -> the answer; null when it is none. */
export function parseAnswer(frame: Uint8Array): PresentAnswer | null {
  return answer.safeParse(parseJson(frame)).data ?? null;
}

function parseJson(bytes: Uint8Array): unknown {
  if (bytes.length > MOST_HEADER_BYTES) return undefined;
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
  } catch {
    return undefined;
  }
}

function sentence(error: z.ZodError): string {
  return z.prettifyError(error).replaceAll(/\s*\n\s*/g, " ");
}
