import { z } from "zod";
import { accessConfig, serverConfig } from "./config-access.ts";
import { ADAPTATION } from "./decode/adaptation.ts";
import { PhospheneError } from "./errors.ts";
import { describeIssues } from "./issues.ts";
import { outputsSchema } from "./outputs/schema.ts";
import { LATE_POLICIES, NO_TIME_POLICIES } from "./protocol/messages.ts";

const ms = z.number().positive();
const lag = z.number().min(0).max(60_000);
const share = ms.max(10_000).nullable();

const source = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, "1 to 64 letters, digits, '-' or '_'")
    .default("rig"),
  kind: z.string().default("open-ephys"),
  options: z.record(z.string(), z.unknown()).default({ endpoint: "tcp://127.0.0.1:5556" }),
  unitPrefix: z.string().default(""),
  units: z.record(z.string(), z.string()).default({}),
});

/** Where pictures for the subject go. They are a subject's data, and this road has no keys: this machine only. */
export const displayEndpoint = z
  .string()
  .regex(/^tcp:\/\/(127(\.\d{1,3}){3}|localhost):\d{1,5}$/, "tcp://127.0.0.1:<port>, on this machine")
  .refine(
    (text) =>
      z
        .int()
        .min(1)
        .max(65_535)
        .safeParse(Number(text.slice(text.lastIndexOf(":") + 1))).success,
    "a port from 1 to 65535",
  );

const placement = z
  .strictObject({
    cores: z.array(z.int().min(0).max(1023)).min(1).nullable().default(null),
    nice: z.int().min(-20).max(19).nullable().default(null),
    realtime: z.int().min(1).max(99).nullable().default(null),
  })
  .prefault({});

/** The schema of config.yaml; every default is the line in the shipped file, a test holds the two equal. docs/config.md explains the keys. */
export const configSchema = z.strictObject({
  source: source.prefault({}),
  otherSources: z.array(source).default([]),
  bundle: z.string().min(1).default("models/demo"),
  bundles: z.array(z.string().min(1)).max(16).default([]),
  bins: z
    .strictObject({
      latenessMs: z.number().min(0).max(1000).default(4),
      silenceMs: z.number().min(1).max(10_000).default(60),
    })
    .prefault({}),
  decode: z
    .strictObject({
      budgetMs: ms.max(10_000).default(50),
      everyBins: z.int().min(1).max(1000).default(2),
      solver: z.enum(["ddim", "ipndm", "exact"]).default("ddim"),
      maxSteps: z.int().min(1).max(64).default(4),
      guidance: z.number().min(0).max(100).nullable().default(null),
      seed: z.int().min(0).max(4_294_967_295).default(1),
      provider: z.enum(["auto", "cpu", "cuda", "webgpu"]).default("auto"),
      runner: z.enum(["auto", "bound", "plain"]).default("auto"),
      keepWarmMs: z.number().min(1).max(10_000).nullable().default(10),
      threads: z.int().min(1).max(64).default(2),
      stallMs: ms.max(60_000).default(2000),
      channel: z.enum(["auto", "messages"]).default("auto"),
      spinMs: z.number().min(0).max(20).default(0),
      wakeUs: z.int().min(0).max(1_000_000).nullable().default(null),
      shares: z
        .strictObject({ waitMs: share.default(null), modelMs: share.default(null), writeMs: share.default(null) })
        .prefault({}),
      lateFrames: z.enum(LATE_POLICIES).default("drop"),
      noTime: z.enum(NO_TIME_POLICIES).default("expire"),
    })
    .superRefine(checkShares)
    .prefault({}),
  adapt: z
    .strictObject({
      forgetting: z.number().gt(0).max(1).default(ADAPTATION.forgetting),
      penalty: ms.max(1e9).default(ADAPTATION.penalty),
      fromMs: lag.default(100),
      untilMs: lag.default(50),
      blankFromMs: lag.default(250),
    })
    .prefault({}),
  process: z.strictObject({ daemon: placement, decoder: placement }).prefault({}),
  record: z
    .strictObject({ dir: z.string().min(1).nullable().default(null), frames: z.boolean().default(false) })
    .prefault({}),
  outputs: outputsSchema.prefault({}),
  stimuli: z.string().min(1).nullable().default("models/demo/session"),
  present: z.strictObject({ endpoint: displayEndpoint.nullable().default(null) }).prefault({}),
  server: serverConfig,
  access: accessConfig,
  trace: z.strictObject({ bins: z.int().min(16).max(1_000_000).default(256) }).prefault({}),
  log: z
    .strictObject({ level: z.enum(["trace", "debug", "info", "warn", "error", "silent"]).default("info") })
    .prefault({}),
});

interface Shared {
  budgetMs: number;
  shares: Record<string, number | null>;
}

/** The shares that are given must leave each other room in the budget. */
function checkShares({ budgetMs, shares }: Shared, context: z.RefinementCtx): void {
  const sum = Object.values(shares).reduce<number>((total, ms) => total + (ms ?? 0), 0);
  if (sum <= budgetMs) return;
  const message = `expected shares of at most decode.budgetMs, ${budgetMs} ms, together`;
  context.addIssue({ code: "custom", path: ["shares"], message });
}

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;
export type Config = DeepReadonly<z.infer<typeof configSchema>>;

/** Checks the options of a source against its adapter's own schema: sentences that start with `path`, none when they are fine. */
export type OptionsCheck = (source: Config["source"], path: string) => string[];

/** Parses what the file said; throws CONFIG_INVALID that lists every mistake with its path. The result is frozen. */
export function parseConfig(value: unknown, where: string, checkOptions: OptionsCheck = () => []): Config {
  const root: unknown = value ?? {};
  const parsed = configSchema.safeParse(root);
  const problems = parsed.success ? [] : describeIssues(parsed.error.issues, root);
  const sources = configSchema.pick({ source: true, otherSources: true }).strip().safeParse(root);
  if (sources.success) problems.push(...checkSources(sources.data, checkOptions));
  if (!parsed.success || problems.length > 0)
    throw new PhospheneError("CONFIG_INVALID", [`${where}:`, ...problems.map((problem) => `  ${problem}`)].join("\n"));
  return deepFreeze(parsed.data);
}

function checkSources(
  { source, otherSources }: Pick<Config, "source" | "otherSources">,
  check: OptionsCheck,
): string[] {
  const names = [source, ...otherSources].map(({ name }) => name);
  const twice = names.filter((name, i) => names.indexOf(name) !== i);
  return [
    ...twice.map(
      (name) => `otherSources: expected a name of its own for every source (got ${JSON.stringify(name)} twice)`,
    ),
    ...check(source, "source"),
    ...otherSources.flatMap((other, i) => check(other, `otherSources.${i}`)),
  ];
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const child of Object.values(value)) deepFreeze(child);
    Object.freeze(value);
  }
  return value;
}
