import { z } from "zod";

const unit = z
  .object({ label: z.string(), electrode: z.string().min(1), sortedId: z.int().min(0).max(65_535) })
  .refine((u) => u.label === `${u.electrode}.${u.sortedId}`, "expected label = electrode + '.' + sortedId");
const stimulus = z.object({
  id: z.string().regex(/^[A-Za-z0-9_-]+$/),
  file: z.string().min(1),
  category: z.string(),
});
const perUnit = z.array(z.number().min(0).max(10_000));
const presentation = z.object({ onMs: z.int().min(1).max(600_000), offMs: z.int().min(0).max(600_000) });

const common = {
  format: z.literal(1),
  name: z.string(),
  units: z.array(unit).min(1).max(65_535),
  stimuli: z.array(stimulus).min(1).max(100_000),
  presentation,
};
const simulated = z.object({
  ...common,
  kind: z.literal("simulated"),
  rates: z.object({ file: z.string().min(1), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  population: z.object({
    baselineHz: perUnit,
    latencyMs: perUnit,
    riseMs: z.number().positive(),
    transient: z.number(),
    transientDecayMs: z.number().positive(),
    offDecayMs: z.number().positive(),
    gainSd: z.number().min(0).max(5),
    gainTauMs: z.number().positive(),
    refractoryMs: z.number().min(0).max(1_000),
  }),
});
const recording = z.object({
  ...common,
  kind: z.literal("recording"),
  split: z
    .object({ rule: z.literal("every-nth"), n: z.int().min(1), offset: z.int().min(0) })
    .refine(({ n, offset }) => offset < n, "expected offset < n"),
});

/** session.json of docs/bundle.md, format 1. Keys that it does not name are left alone. */
export const sessionSchema = z
  .discriminatedUnion("kind", [simulated, recording])
  .refine(
    (s) => s.kind !== "simulated" || s.population.baselineHz.length === s.units.length,
    "population.baselineHz: expected one number per unit",
  )
  .refine(
    (s) => s.kind !== "simulated" || s.population.latencyMs.length === s.units.length,
    "population.latencyMs: expected one number per unit",
  );

/** Population constants of a simulated session: rates in Hz, times in ms. */
export type Population = z.infer<typeof simulated>["population"];
export type Presentation = z.infer<typeof presentation>;
/** A session whose driven rates (Hz, shape [stimuli, units]) are loaded. */
export type SimulatedSession = z.infer<typeof simulated> & { readonly drivenHz: Float32Array };
export type RecordingSession = z.infer<typeof recording>;
export type Session = SimulatedSession | RecordingSession;
