import { z } from "zod";

const file = z.string().min(1);
const origin = z
  .string()
  .regex(/^https?:\/\/[^\s/?#@]+$/i, "an origin such as https://rig.example:8787, without a path")
  .transform((text) => text.toLowerCase());

/** `server`: where the daemon listens, and how much it takes from whom. */
export const serverConfig = z
  .strictObject({
    host: z.string().min(1).default("127.0.0.1"),
    port: z.int().min(0).max(65_535).default(8787),
    tls: z.strictObject({ cert: file, key: file }).nullable().default(null),
    origins: z.array(origin).max(100).default([]),
    maxViewers: z.int().min(1).max(10_000).default(1000),
    maxPerAddress: z.int().min(1).max(10_000).nullable().default(null),
    maxWaiting: z.int().min(8).max(10_000).default(256),
    handshakeMs: z.int().min(100).max(60_000).default(5000),
    maxMessageBytes: z.int().min(1024).max(1_048_576).default(65_536),
    messagesPerSecond: z.int().min(1).max(10_000).default(200),
  })
  .prefault({});

/** `access`: who may come in, and where it is written what they did. */
export const accessConfig = z
  .strictObject({ tokensFile: file.nullable().default(null), log: file.nullable().default(null) })
  .prefault({});
