import { z } from "zod";
import { type ClientBodies, TOPICS } from "./messages.ts";

// Without this zod probes `new Function`, which the page's Content-Security-Policy reports as a violation.
z.config({ jitless: true });

/** A steering offset is added to latents with a unit-normal prior: beyond 10 it is a mistake. */
export const STEER_LIMIT = 10;
/** More latent groups than any bundle has. */
const MAX_GROUPS = 256;

/** What a viewer may say. Unknown keys are ignored, so that newer clients can talk to older daemons. */
export const clientSchemas: { [Type in keyof ClientBodies]: z.ZodType<ClientBodies[Type] & { type: Type }> } = {
  subscribe: z.object({ type: z.literal("subscribe"), topics: z.array(z.enum(TOPICS)).max(TOPICS.length) }),
  steer: z.object({
    type: z.literal("steer"),
    gamma: z.array(z.number().min(-STEER_LIMIT).max(STEER_LIMIT)).max(MAX_GROUPS),
  }),
  shown: z.object({ type: z.literal("shown"), seq: z.int().nonnegative(), atMs: z.number() }),
  ping: z.object({ type: z.literal("ping"), id: z.int() }),
};
