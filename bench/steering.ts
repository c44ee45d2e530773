// `npm run bench -- steering`: from a change of slider (client `steer`) to the first frame that was decoded with it, as the client has it.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { WebSocket } from "ws";
import { stringify } from "yaml";
import { z } from "zod";
import { connect } from "../clients/ts/index.ts";
import { distribution, distributionSchema } from "./distribution.ts";
import { makePlan } from "./latency/plan.ts";
import { beginRun, OUTPUT_OPTIONS, originSchema, originText, publish } from "./output.ts";
import { startSystem } from "./system.ts";
import { distributionRow, table } from "./table.ts";

const OPTIONS = {
  ...OUTPUT_OPTIONS,
  bundle: { type: "string", default: "models/demo-guided" },
  session: { type: "string", default: "models/demo/session" },
  changes: { type: "string" },
  rate: { type: "string" },
  provider: { type: "string" },
  decode: { type: "string", multiple: true },
} as const;
const CHANGES = { full: 500, smoke: 5 };
const WARM_UP_FRAMES = 50;
/** Changes fall anywhere between two frames: so long after an answer, ms, at most. */
const LONGEST_PAUSE_MS = 120;

export const steeringSchema = originSchema.extend({
  harness: z.literal("steering"),
  ...{ bundle: z.string(), wantedHz: z.number(), answered: distributionSchema },
  /** Of the frames that answered: steps -> how many. */
  steps: z.record(z.string(), z.int()),
});
type SteeringResult = z.infer<typeof steeringSchema>;

export async function steering(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: OPTIONS });
  const changes = Number(values.changes ?? CHANGES[values.smoke ? "smoke" : "full"]);
  const end = beginRun("steering", args);
  const plan = await makePlan({
    ...{ bundle: values.bundle, frames: 20 * changes + 500, warmUp: 0, config: null, budgetMs: null },
    ...{ session: values.session, decode: values.decode ?? [] },
    ...{ rateHz: values.rate === undefined ? null : Number(values.rate), provider: values.provider ?? null },
  });
  const folder = mkdtempSync(join(tmpdir(), "phosphene-"));
  try {
    const file = join(folder, "config.yaml");
    writeFileSync(file, stringify(plan.config));
    const rig = ["--session", plan.session, "--block-ms", String(plan.blockMs)];
    await using system = await startSystem(plan.dir, ["--config", file], rig);
    const { tookMs, steps } = await play(system.url, changes);
    const wantedHz = 1000 / plan.widthMs / plan.everyBins;
    const result = { harness: "steering" as const, bundle: plan.name, wantedHz, answered: distribution(tookMs), steps };
    const told = { ...end(), ...result };
    publish(told, textOf(told), { ...values, section: values.section ?? "steering" });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** One change after the other, each of all sliders and the guidance; times by the client's clock. */
async function play(url: string, changes: number) {
  using client = connect(url, { WebSocket, topics: ["frame"] });
  const { bundle, guidance } = await client.opened();
  const names = bundle.latents.groups.map(({ name }) => name);
  const first = await client.next("frame");
  await client.next("frame", ({ seq }) => seq >= first.seq + WARM_UP_FRAMES);
  const tookMs: number[] = [];
  const steps: Record<string, number> = {};
  for (let i = 0; i < changes; i++) {
    await pause(Math.random() * LONGEST_PAUSE_MS);
    const weight = guidance === null ? null : guidance.min + ((i % 5) / 4) * (guidance.max - guidance.min);
    // Every change has values of its own, by which its first frame is known.
    const gamma = Object.fromEntries(names.map((name, g) => [name, (((i + g) % 7) - 3) * 0.9 + i / 4096]));
    const wanted = Object.values(gamma);
    const sentMs = performance.now();
    const answer = client
      .next("frame", ({ steering: got }) => got.every((value, g) => Math.abs(value - wanted[g]!) < 1e-5))
      .then((frame) => {
        tookMs.push(performance.now() - sentMs);
        steps[String(frame.steps)] = (steps[String(frame.steps)] ?? 0) + 1;
      });
    await Promise.all([answer, client.steer({ gamma, guidance: weight })]);
  }
  return { tookMs, steps };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function textOf({ bundle, wantedHz, answered, steps, ...origin }: SteeringResult): string {
  const taken = Object.entries(steps).map(([k, n]) => `${k} steps ${n}`);
  return [
    originText(origin),
    `Bundle \`${bundle}\`, ${wantedHz.toFixed(0)} frames/s. From \`steer\` leaving the client to the first frame decoded with it being there, changes at any moment between frames.`,
    "",
    ...table([distributionRow("slider to frame", answered)]),
    "",
    `Frames that answered: ${taken.join(", ")}.`,
  ].join("\n");
}
