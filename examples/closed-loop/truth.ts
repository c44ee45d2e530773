/**
 * What only a simulation can tell: how strongly the found pictures really drive the unit, by the rig's own encoding model, and how strongly
 * the session's pictures do. `node examples/closed-loop/truth.ts runs/closed-loop models/demo/session` draws both into the curve.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { loadEncoder } from "../../rig/encoder.ts";
import { rateHz, unitShape } from "../../rig/rates.ts";
import { readSession } from "../../rig/session.ts";
import type { SimulatedSession } from "../../rig/session-schema.ts";
import { createPainter } from "./pictures.ts";
import { learningCurve } from "./report.ts";

const result = z.object({
  objective: z.string(),
  scale: z.string(),
  unit: z.int().min(0),
  span: z.object({ fromMs: z.number(), toMs: z.number() }),
  best: z.object({ width: z.int(), height: z.int() }),
  means: z.array(z.array(z.number())),
  records: z.array(
    z.object({
      ...{ role: z.enum(["candidate", "middle", "lead", "grey", "best"]), generation: z.int(), stimulus: z.string() },
      ...{ score: z.number(), shownMs: z.number(), respondedMs: z.number(), atMs: z.number() },
    }),
  ),
});

/** Spikes that are to be expected from a fresh unit while a picture stays on, at gain 1. */
function expectedCount(
  session: SimulatedSession,
  unit: number,
  drivenHz: number,
  span: { fromMs: number; toMs: number },
) {
  const { population } = session;
  const shape = unitShape(population, unit);
  const [baselineHz = 0, latencyMs = 0] = [population.baselineHz[unit], population.latencyMs[unit]];
  let count = 0;
  for (let ms = span.fromMs; ms < span.toMs; ms++)
    count += rateHz(
      shape,
      session.presentation,
      { baselineHz, latencyMs, currentHz: drivenHz, previousHz: 0 },
      ms + 0.5,
    );
  return count / 1_000;
}

const [folder = "runs/closed-loop", sessionFolder = "models/demo/session"] = process.argv.slice(2);
const found = result.parse(JSON.parse(readFileSync(join(folder, "result.json"), "utf8")));
const session = await readSession(sessionFolder);
if (session.kind !== "simulated") throw new Error(`${sessionFolder}: expected a simulated session`);
const encode = await loadEncoder(sessionFolder, session);
const paint = createPainter(found.best.width, found.best.height);
const drive = async (point: readonly number[]) => (await encode(paint(Float64Array.from(point))))[found.unit] ?? 0;
const means: number[] = [];
for (const mean of found.means) means.push(await drive(mean));
const stimuli = session.stimuli.map(({ id }, i) => ({
  id,
  hz: session.drivenHz[i * session.units.length + found.unit] ?? 0,
}));
const preferred = stimuli.reduce((a, b) => (b.hz > a.hz ? b : a));
const truth = {
  greyHz: await drive([]),
  meansHz: means,
  foundHz: means.at(-1) ?? Number.NaN,
  preferred,
  expectedOfPreferred: expectedCount(session, found.unit, preferred.hz, found.span),
  expectedOfFound: expectedCount(session, found.unit, means.at(-1) ?? 0, found.span),
};
writeFileSync(join(folder, "truth.json"), JSON.stringify(truth));
const name = `to be expected of the best of ${stimuli.length} session pictures`;
const lines = [{ name, score: truth.expectedOfPreferred }];
writeFileSync(
  join(folder, "curve.svg"),
  learningCurve(`Closed loop: ${found.objective}`, found.scale, found.records, lines),
);
process.stdout.write(`${JSON.stringify({ ...truth, meansHz: means.map(Math.round) }, null, 1)}\n`);
