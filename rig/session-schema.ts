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
const digested = z.object({ file: z.string().min(1), sha256: z.string().regex(/^[0-9a-f]{64}$/) });

const common = {
  name: z.string(),
  units: z.array(unit).min(1).max(65_535),
  stimuli: z.array(stimulus).min(1).max(100_000),
  presentation,
};
const constants = {
  baselineHz: perUnit,
  latencyMs: perUnit,
  transientDecayMs: z.number().positive(),
  offDecayMs: z.number().positive(),
  gainSd: z.number().min(0).max(5),
  gainTauMs: z.number().positive(),
  refractoryMs: z.number().min(0).max(1_000),
};
const population1 = z.object({ ...constants, riseMs: z.number().positive(), transient: z.number() });
const population2 = z.object({
  ...constants,
  riseMs: z.array(z.number().positive()),
  transient: z.array(z.number()),
  adaptation: z.array(z.number().min(0).max(1)),
  adaptationHz: z.number().positive(),
  factors: z.array(z.object({ tauMs: z.number().positive(), loadings: z.array(z.number().min(-5).max(5)) })).max(64),
  driftSd: z.number().min(0).max(5),
  driftTauMs: z.number().positive(),
});

const simulated = { ...common, kind: z.literal("simulated"), rates: digested, encoding: digested.optional() };
const simulated1 = z.object({ ...simulated, format: z.literal(1), population: population1 });
const simulated2 = z.object({ ...simulated, format: z.literal(2), population: population2 });
const recording = z.object({
  ...common,
  format: z.literal([1, 2]),
  kind: z.literal("recording"),
  split: z
    .object({ rule: z.literal("every-nth"), n: z.int().min(1), offset: z.int().min(0) })
    .refine(({ n, offset }) => offset < n, "expected offset < n"),
});

const percent = z.number().min(0).max(100);
const bold = z
  .object({
    ...common,
    format: z.literal(2),
    kind: z.literal("bold"),
    trMs: z.number().min(1).max(60_000),
    faster: z.number().positive().default(1),
    responses: digested,
    scanner: z.object({
      baseline: z.array(z.number().positive().max(60_000)),
      amplitude: z.array(z.number()),
      delay: z.array(z.number().min(-2).max(2)),
    }),
    noise: z.object({
      mean: z.number(),
      signal: percent,
      own: percent,
      shared: percent,
      drift: percent,
      correlation: z.number().min(0).max(0.99),
      components: z.int().min(0).max(1_000),
      periods: z.array(z.number().positive()).min(1).max(16),
      loadings: digested,
    }),
  })
  .refine(
    ({ presentation: { onMs, offMs }, trMs }) => onMs % trMs === 0 && offMs % trMs === 0,
    "expected onMs and offMs in whole volumes of trMs",
  )
  .refine(
    ({ scanner, units }) => Object.values(scanner).every((list) => list.length === units.length),
    "scanner: expected one number per unit in each list",
  );

/** Population constants of a simulated session: rates in Hz, times in ms. */
export type Population = z.infer<typeof population2>;
export type Presentation = z.infer<typeof presentation>;
type ReadSession = z.infer<typeof simulated2> | z.infer<typeof recording> | z.infer<typeof bold>;

/** Format 1 in the terms of format 2: all units alike in shape, without adaptation, factors and drift. */
function upgrade({ population, ...session }: z.infer<typeof simulated1>): z.infer<typeof simulated2> {
  const each = (value: number) => session.units.map(() => value);
  const shape = { riseMs: each(population.riseMs), transient: each(population.transient) };
  const without = { adaptation: each(0), adaptationHz: 1, factors: [], driftSd: 0, driftTauMs: 1 };
  return { ...session, format: 2, population: { ...population, ...shape, ...without } };
}

/** Names of the lists in `population` that have not one number per unit. */
function wrongLengths({ population, units }: z.infer<typeof simulated2>): string[] {
  const lists = {
    ...population,
    ...Object.fromEntries(population.factors.map((f, i) => [`factors[${i}]`, f.loadings])),
  };
  return Object.entries(lists).flatMap(([name, list]) =>
    name !== "factors" && Array.isArray(list) && list.length !== units.length ? [name] : [],
  );
}

/** session.json of docs/bundle.md, format 2; format 1 is read too. Keys that it does not name are left alone. */
export const sessionSchema = z
  .discriminatedUnion("kind", [z.discriminatedUnion("format", [simulated1, simulated2]), recording, bold])
  .transform((s): ReadSession => (s.kind === "simulated" && s.format === 1 ? upgrade(s) : s))
  .superRefine((s, context) => {
    if (s.kind !== "simulated") return;
    for (const name of wrongLengths(s)) {
      const message = `population.${name}: expected one number per unit`;
      context.addIssue({ code: "custom", path: ["population", name], message });
    }
  });

/** A session whose driven rates (Hz, shape [stimuli, units]) are loaded. */
export type SimulatedSession = z.infer<typeof simulated2> & { readonly drivenHz: Float32Array };
export type RecordingSession = z.infer<typeof recording>;
/** A session of BOLD time courses with its responses, standardised [stimuli, units], and loadings [components + drifts, units]. */
export type BoldSession = z.infer<typeof bold> & { readonly response: Float32Array; readonly loading: Float32Array };
export type Session = SimulatedSession | RecordingSession | BoldSession;
