import { z } from "zod";
import { type ClientBodies, TOPICS } from "./messages.ts";

// Without this zod probes `new Function`, which the page's Content-Security-Policy reports as a violation.
z.config({ jitless: true });

/** A steering offset is added to latents with a unit-normal prior: beyond 10 it is a mistake. */
export const STEER_LIMIT = 10;
/** More latent groups than any bundle has. */
const MAX_GROUPS = 256;
/** Longest text of a client's event, UTF-16 units. */
export const MAX_EVENT_TEXT = 256;
/** Largest side of a picture to present, pixels: 128 x 128 x 3 bytes fit into one message. */
export const MAX_PRESENT_SIDE = 128;
/** Longest name of a bundle, UTF-16 units. */
const MAX_NAME = 256;

const side = z.int().min(1).max(MAX_PRESENT_SIDE);
const present = z
  .object({ type: z.literal("present"), id: z.int(), width: side, height: side, image: z.instanceof(Uint8Array) })
  .refine(({ width, height, image }) => image.length === 3 * width * height, {
    path: ["image"],
    error: "expected width * height * 3 bytes",
  });

/** What a viewer may say. Unknown keys are ignored, so that newer clients can talk to older daemons. */
export const clientSchemas: { [Type in keyof ClientBodies]: z.ZodType<ClientBodies[Type] & { type: Type }> } = {
  subscribe: z.object({ type: z.literal("subscribe"), topics: z.array(z.enum(TOPICS)).max(TOPICS.length) }),
  steer: z.object({
    type: z.literal("steer"),
    gamma: z.array(z.number().min(-STEER_LIMIT).max(STEER_LIMIT)).max(MAX_GROUPS),
    guidance: z.number().nullish(),
    id: z.int().nullish(),
  }),
  shown: z.object({ type: z.literal("shown"), seq: z.int().nonnegative(), atMs: z.number() }),
  ping: z.object({ type: z.literal("ping"), id: z.int() }),
  event: z.object({
    type: z.literal("event"),
    id: z.int(),
    text: z.string().min(1).max(MAX_EVENT_TEXT),
    atMs: z.number().nullish(),
  }),
  present,
  switch: z.object({ type: z.literal("switch"), id: z.int(), bundle: z.string().min(1).max(MAX_NAME) }),
  adapt: z.object({
    type: z.literal("adapt"),
    id: z.int(),
    on: z.boolean().nullable(),
    reset: z.boolean().optional(),
  }),
};
