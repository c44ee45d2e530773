import { z } from "zod";
import { PhospheneError } from "../src/errors.ts";

const schema = z
  .strictObject({
    /** Folder of docs/bundle.md, session/. */
    session: z.string().min(1).optional(),
    /** Folder of *_raster_data.mat: its held-out trials are played. */
    recording: z.string().min(1).optional(),
    /** PUB; heartbeats are answered on the next one. */
    port: z.int().min(1).max(65_534).default(5_556),
    seed: z.int().min(0).max(0xffff_ffff).default(1),
    /** 1 is real time. */
    speed: z.number().positive().max(10_000).default(1),
    blockMs: z.int().min(1).max(1_000).default(10),
    continuousChannels: z.int().min(0).max(1_024).default(4),
  })
  .refine(({ session, recording }) => session !== undefined || recording !== undefined, {
    message: "expected a session folder or a recording folder",
    path: ["session"],
  });

/** What `phosphene rig` takes; all but one of `session` and `recording` have defaults. */
export type RigOptions = z.input<typeof schema>;

/** Options with their defaults. Errors: CONFIG_INVALID, naming every option that is wrong. */
export function parseRigOptions(options: unknown): z.output<typeof schema> {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new PhospheneError("CONFIG_INVALID", `rig options: ${issues.join("; ")}`);
}
