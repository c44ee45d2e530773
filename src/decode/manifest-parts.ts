import { z } from "zod";

const relativePath = z
  .string()
  .regex(/^[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*$/, "a relative path of plain names")
  .refine((path) => !path.split("/").includes(".."), "a path without '..'");

/** One file of a bundle. */
export const file = z.strictObject({
  path: relativePath,
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits"),
  bytes: z.int().nonnegative(),
});

export type BundleFile = z.infer<typeof file>;

const positiveNumbers = z.array(z.number().positive());

const readout = z.discriminatedUnion("kind", [
  z.strictObject({ name: z.string(), kind: z.literal("class"), labels: z.array(z.string()).min(2) }),
  z.strictObject({ name: z.string(), kind: z.literal("value"), unit: z.string(), labels: z.array(z.string()).min(1) }),
]);

/** What the manifest of every kind says. */
export const parts = {
  format: z.literal(1),
  name: z.string().min(1),
  units: z.strictObject({ count: z.int().positive().max(65_535), labels: z.array(z.string()) }),
  bins: z.strictObject({ widthMs: z.number().positive(), window: z.int().positive() }),
  normalisation: z.strictObject({
    kind: z.literal("zscore"),
    mean: z.array(z.number()),
    std: positiveNumbers,
    clip: z.number().positive(),
  }),
  latents: z.strictObject({
    dimension: z.int().positive(),
    groups: z.array(z.strictObject({ name: z.string(), size: z.int().positive() })).min(1),
  }),
  readouts: z.array(readout),
  image: z.strictObject({ height: z.int().positive(), width: z.int().positive(), channels: z.literal(3) }),
  evidence: z.strictObject({
    bitsThreshold: z.number(),
    explainedThreshold: z.number(),
    atypicalityThreshold: z.number(),
    latentMean: z.array(z.number()),
    latentStd: positiveNumbers,
    calibration: z.unknown(),
  }),
  provenance: z.record(z.string(), z.unknown()),
  metrics: z.record(z.string(), z.unknown()),
};

/** The sizes that a bundle's parts must agree on. */
export type Common = Readonly<z.infer<z.ZodObject<typeof parts>>>;
