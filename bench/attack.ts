// `npm run bench -- attack`: what somebody without a token costs the loop, who holds as many connections as he gets, or has as many refused as he can.
// One daemon at the true cadence; alone, held and refused take turns within the run.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { stringify } from "yaml";
import { writeTokens } from "../daemon/server/access/token-file.ts";
import { hashToken, makeToken } from "../daemon/server/access/tokens.ts";
import { play } from "./attack/play.ts";
import { attackText, summariseAttack } from "./attack/result.ts";
import { makePlan } from "./latency/plan.ts";
import { beginRun, OUTPUT_OPTIONS, publish } from "./output.ts";
import { startSystem } from "./system.ts";

const OPTIONS = {
  ...OUTPUT_OPTIONS,
  bundle: { type: "string", default: "models/demo" },
  session: { type: "string" },
  connections: { type: "string" },
  "per-second": { type: "string" },
  frames: { type: "string" },
  rounds: { type: "string" },
  rate: { type: "string" },
  nice: { type: "string", default: "0" },
  provider: { type: "string" },
} as const;
const SIZES = {
  full: { connections: 1000, perSecond: 200, frames: 500, rounds: 4 },
  smoke: { connections: 100, perSecond: 200, frames: 10, rounds: 1 },
};

export async function attack(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: OPTIONS });
  const size = SIZES[values.smoke ? "smoke" : "full"];
  const wanted = {
    connections: Number(values.connections ?? size.connections),
    perSecond: Number(values["per-second"] ?? size.perSecond),
    frames: Number(values.frames ?? size.frames),
    rounds: Number(values.rounds ?? size.rounds),
    nice: Number(values.nice),
  };
  const end = beginRun("attack", args);
  const plan = await makePlan({
    ...{ bundle: values.bundle, frames: 5 * wanted.frames * wanted.rounds, warmUp: 0, config: null, budgetMs: null },
    ...(values.session !== undefined && { session: values.session }),
    ...{ rateHz: values.rate === undefined ? null : Number(values.rate), provider: values.provider ?? null },
  });
  const folder = mkdtempSync(join(tmpdir(), "phosphene-"));
  const file = join(folder, "config.yaml");
  const tokensFile = join(folder, "tokens.yaml");
  const token = makeToken();
  try {
    await writeTokens(tokensFile, [{ name: "bench", role: "viewer", sha256: hashToken(token) }]);
    const access = { tokensFile, log: join(folder, "actions.jsonl") };
    writeFileSync(file, stringify({ ...plan.config, access }));
    await using system = await startSystem(
      plan.dir,
      ["--config", file],
      ["--session", plan.session, "--block-ms", String(plan.blockMs)],
    );
    const played = await play(system, token, wanted);
    const result = summariseAttack(end(), plan, wanted, played);
    publish(result, attackText(result), { ...values, section: values.section ?? "attack" });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
