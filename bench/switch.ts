// `npm run bench -- switch`: what it costs the frames of one bundle that another one is loaded beside it, and how long that takes.
// One daemon at the true cadence; the bundles take turns, and every span between a request and the first frame of the other bundle counts as loading.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { WebSocket } from "ws";
import { stringify } from "yaml";
import { z } from "zod";
import { type Client, connect } from "../clients/ts/index.ts";
import { readBundle } from "../daemon/bundle.ts";
import { balances } from "../src/ledger.ts";
import { parseTrace, type TraceBody } from "../src/protocol/trace.ts";
import { makePlan } from "./latency/plan.ts";
import { beginRun, OUTPUT_OPTIONS, originSchema, originText, publish } from "./output.ts";
import { phaseSchema, summarisePhase } from "./phase.ts";
import { startSystem } from "./system.ts";
import { distributionRow, table } from "./table.ts";

const OPTIONS = {
  ...OUTPUT_OPTIONS,
  bundle: { type: "string", default: "models/demo" },
  other: { type: "string", default: "models/demo-linear" },
  session: { type: "string" },
  frames: { type: "string" },
  rounds: { type: "string" },
  rate: { type: "string" },
  provider: { type: "string" },
} as const;
const SIZES = { full: { frames: 500, rounds: 10 }, smoke: { frames: 10, rounds: 1 } };
const WARM_UP_FRAMES = 50;

export const switchSchema = originSchema.extend({
  harness: z.literal("switch"),
  ...{ bundles: z.tuple([z.string(), z.string()]), wantedHz: z.number(), rounds: z.int() },
  /** From the request to the first frame of that bundle, ms, one a round. */
  tookMs: z.record(z.string(), z.array(z.number())),
  /** `with NAME`: it decodes; `loading NAME`: the other one decodes while it is loaded. `steps`: mean of its frames. */
  phases: z.record(z.string(), phaseSchema.extend({ steps: z.number() })),
});
type SwitchResult = z.infer<typeof switchSchema>;

interface Span {
  readonly phase: string;
  readonly fromMs: number;
  readonly toMs: number;
}

async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: OPTIONS });
  const size = SIZES[values.smoke ? "smoke" : "full"];
  const frames = Number(values.frames ?? size.frames);
  const rounds = Number(values.rounds ?? size.rounds);
  const end = beginRun("switch", args);
  const plan = await makePlan({
    ...{ bundle: values.bundle, frames: 4 * frames * rounds + 500 * rounds, warmUp: 0, config: null, budgetMs: null },
    ...(values.session !== undefined && { session: values.session }),
    ...{ rateHz: values.rate === undefined ? null : Number(values.rate), provider: values.provider ?? null },
  });
  const { manifest: other } = await readBundle(values.other);
  const folder = mkdtempSync(join(tmpdir(), "phosphene-"));
  try {
    const file = join(folder, "config.yaml");
    writeFileSync(file, stringify({ ...plan.config, bundles: [resolve(values.other)] }));
    const rig = ["--session", plan.session, "--block-ms", String(plan.blockMs)];
    await using system = await startSystem(plan.dir, ["--config", file], rig);
    const bundles: [string, string] = [plan.name, other.name];
    const played = await play(system.url, bundles, { frames, rounds });
    const result = { ...end(), harness: "switch" as const, rounds, ...summarise(plan, bundles, played) };
    publish(result, textOf(result), { ...values, section: values.section ?? "switch" });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// The harness is named by what one types, which is a word of the language.
export { run as switch };

async function play(url: string, bundles: readonly [string, string], wanted: { frames: number; rounds: number }) {
  using client = connect(url, { WebSocket, topics: ["frame"] });
  const { bundle } = await client.opened();
  const spans: Span[] = [];
  const tookMs: Record<string, number[]> = {};
  await frames(client, WARM_UP_FRAMES);
  let active = bundle.name;
  for (let turn = 0; turn < 2 * wanted.rounds; turn++) {
    const next = bundles.find((name) => name !== active)!;
    const [fromMs, askedMs] = [await steady(client, wanted.frames), nowMs(client)];
    spans.push({ phase: `with ${active}`, fromMs, toMs: askedMs });
    const { atMs } = await client.switch(next);
    spans.push({ phase: `loading ${next}`, fromMs: askedMs, toMs: atMs });
    tookMs[next] = [...(tookMs[next] ?? []), atMs - askedMs];
    active = next;
    const { ledger } = (await (await client.get("/status")).json()) as { ledger: Parameters<typeof balances>[0] };
    if (!balances(ledger)) throw new Error(`the books do not balance: ${JSON.stringify(ledger)}`);
  }
  const trace = parseTrace(await (await client.get("/trace")).json());
  if (typeof trace === "string") throw new Error(`/trace: ${trace}`);
  return { spans, tookMs, trace };
}

/** Waits for so many frames after some that do not count; returns when those that count began, daemon ms. */
async function steady(client: Client, count: number): Promise<number> {
  await frames(client, Math.ceil(count / 10));
  const fromMs = nowMs(client);
  await frames(client, count);
  return fromMs;
}

async function frames(client: Client, count: number): Promise<void> {
  const { seq: first } = await client.next("frame");
  await client.next("frame", ({ seq }) => seq >= first + count);
}

function nowMs(client: Client): number {
  return client.toServerMs(performance.now());
}

type Played = Awaited<ReturnType<typeof play>>;

function summarise(plan: { widthMs: number; everyBins: number }, bundles: [string, string], played: Played) {
  const { spans, tookMs, trace } = played;
  const names = [...new Set(spans.map(({ phase }) => phase))].sort();
  const phases = names.map((phase) => {
    const mine = spans.filter((span) => span.phase === phase);
    return [phase, { ...summarisePhase(phase, plan.everyBins, played), steps: meanSteps(trace, mine) }] as const;
  });
  const wantedHz = 1000 / plan.widthMs / plan.everyBins;
  return { bundles, wantedHz, tookMs, phases: Object.fromEntries(phases) };
}

function meanSteps({ bins }: TraceBody, spans: readonly Span[]): number {
  const steps = bins.flatMap(({ closedMs, frame }) =>
    frame !== null && spans.some(({ fromMs, toMs }) => closedMs >= fromMs && closedMs < toMs) ? [frame.steps] : [],
  );
  return steps.reduce((sum, k) => sum + k, 0) / steps.length;
}

function textOf({ bundles, wantedHz, rounds, tookMs, phases, ...origin }: SwitchResult): string {
  const entries = Object.entries(phases);
  const took = bundles.map((name) => {
    const times = [...tookMs[name]!].sort((a, b) => a - b);
    const [median, most] = [times[times.length >> 1]!, times.at(-1)!];
    return `to \`${name}\` median ${(median / 1000).toFixed(2)} s, longest ${(most / 1000).toFixed(2)} s`;
  });
  const bins = entries.map(([name, { missing, total, steps }]) => {
    return `${name}: ${missing} of ${total.n + missing}, ${steps.toFixed(2)} steps`;
  });
  return [
    originText(origin),
    `Bundles \`${bundles.join("` and `")}\` in turns, ${wantedHz.toFixed(0)} frames/s, ${rounds} rounds, one operator. \`loading X\`: the other one decodes while X is verified, loaded, proved by its golden outputs and warmed up.`,
    "",
    ...table(entries.map(([name, { total }]) => distributionRow(name, total))),
    "",
    `From the request to the first frame: ${took.join("; ")} (N ${rounds} each). Bins that were to give a frame and gave none, and steps: ${bins.join("; ")}. The ledger balanced after every switch.`,
  ].join("\n");
}
