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

/** The measures of how much of a picture is brain. */
export const MEASURES = ["bits", "explained", "atypicality"] as const;
export type Measure = (typeof MEASURES)[number];

const threshold = z.number().nullable();
const sentence = z.string().min(1).optional();

const evidence = z.strictObject({
  bitsThreshold: threshold,
  explainedThreshold: threshold,
  atypicalityThreshold: threshold,
  /** Measure -> why it cannot be computed, one sentence; its threshold is null. */
  missing: z.strictObject({ bits: sentence, explained: sentence, atypicality: sentence }).optional(),
  /** Only the agreement of these units counts for `explained`. */
  units: z
    .array(z.int().nonnegative())
    .min(2)
    .refine((units) => new Set(units).size === units.length, "distinct units")
    .optional(),
  latentMean: z.array(z.number()),
  latentStd: positiveNumbers,
  calibration: z.unknown(),
});

/** Range of the guidance weight, of kinds that have one. */
export const guidance = z
  .strictObject({ default: z.number(), min: z.number(), max: z.number() })
  .refine((g) => g.min <= g.default && g.default <= g.max, "a default between min and max")
  .optional();

export type GuidanceRange = NonNullable<z.infer<typeof guidance>>;

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
  /** Dimension 0 without groups: a kind that has no latents. */
  latents: z.strictObject({
    dimension: z.int().nonnegative(),
    groups: z.array(z.strictObject({ name: z.string(), size: z.int().positive() })),
  }),
  readouts: z.array(readout),
  image: z.strictObject({ height: z.int().positive(), width: z.int().positive(), channels: z.literal(3) }),
  evidence,
  provenance: z.record(z.string(), z.unknown()),
  metrics: z.record(z.string(), z.unknown()),
};

/** The sizes that a bundle's parts must agree on. */
export type Common = Readonly<z.infer<z.ZodObject<typeof parts>>>;
