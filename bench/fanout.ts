// `npm run bench -- fanout`: what many viewers cost one that was there before them, and what a viewer that stopped dead costs all others.
// One daemon at the true cadence; alone, with the crowd, and with the crowd and a stopped viewer take turns within the run.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { stringify } from "yaml";
import { play } from "./fanout/play.ts";
import { fanoutText, summariseFanout } from "./fanout/result.ts";
import { startHog } from "./hog.ts";
import { makePlan } from "./latency/plan.ts";
import { beginRun, OUTPUT_OPTIONS, publish } from "./output.ts";
import { startSystem } from "./system.ts";

const OPTIONS = {
  ...OUTPUT_OPTIONS,
  bundle: { type: "string", default: "models/demo" },
  viewers: { type: "string" },
  frames: { type: "string" },
  rounds: { type: "string" },
  rate: { type: "string" },
  nice: { type: "string", default: "0" },
  provider: { type: "string" },
  hog: { type: "string", default: "0" },
} as const;
const SIZES = { full: { viewers: 500, frames: 500, rounds: 4 }, smoke: { viewers: 8, frames: 10, rounds: 1 } };

export async function fanout(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: OPTIONS });
  const size = SIZES[values.smoke ? "smoke" : "full"];
  const wanted = {
    viewers: Number(values.viewers ?? size.viewers),
    frames: Number(values.frames ?? size.frames),
    rounds: Number(values.rounds ?? size.rounds),
    nice: Number(values.nice),
  };
  const end = beginRun("fanout", args);
  const bins = 4 * wanted.frames * wanted.rounds;
  const plan = await makePlan({
    ...{ bundle: values.bundle, frames: bins, warmUp: 0, config: null, budgetMs: null },
    ...{ rateHz: values.rate === undefined ? null : Number(values.rate), provider: values.provider ?? null },
  });
  const folder = mkdtempSync(join(tmpdir(), "phosphene-"));
  const file = join(folder, "config.yaml");
  writeFileSync(file, stringify(plan.config));
  try {
    await using system = await startSystem(plan.dir, ["--config", file], ["--block-ms", String(plan.blockMs)]);
    await using _hog = await startHog(Number(values.hog));
    const played = await play(system, wanted);
    const result = summariseFanout(end(), plan, wanted, played);
    publish(result, fanoutText(result), { ...values, section: values.section ?? "fanout" });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
