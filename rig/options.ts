import { join } from "node:path";
import { z } from "zod";
import { PhospheneError } from "../src/errors.ts";

const DEMO_SESSION = join(import.meta.dirname, "../models/demo/session");

const schema = z
  .strictObject({
    /** Folder of docs/bundle.md, session/; that of the shipped bundle when there is no recording either. */
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
    /** Of the LSL streams of a session of BOLD time courses. */
    name: z.string().min(1).default("phosphene-rig"),
    /** Address of a daemon that is told what such a session shows: volumes and events do not go by one road. */
    events: z.url({ protocol: /^(http|ws)$/ }).optional(),
    /** Show pictures that are sent to it, too (docs/closed-loop.md). */
    interactive: z.boolean().default(false),
    /** Where pictures are taken; the one after the heartbeats' unless given. */
    presentPort: z.int().min(1).max(65_535).optional(),
    /** How long such a picture stays when no other one comes. */
    holdMs: z.int().min(10).max(3_600_000).default(10_000),
  })
  .transform((options) => ({
    ...options,
    presentPort: options.presentPort ?? Math.min(options.port + 2, 65_535),
    session: options.session ?? (options.recording === undefined ? DEMO_SESSION : undefined),
  }));

/** What `phosphene rig` takes; everything has a default. */
export type RigOptions = z.input<typeof schema>;
export type ParsedRigOptions = z.output<typeof schema>;

/** Options with their defaults. Errors: CONFIG_INVALID, naming every option that is wrong. */
export function parseRigOptions(options: unknown): ParsedRigOptions {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new PhospheneError("CONFIG_INVALID", `rig options: ${issues.join("; ")}`);
}
