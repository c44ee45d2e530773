/**
 * Searches for the picture that drives a unit or a group of latents, in a closed loop through the daemon, and writes what it found:
 * `node examples/closed-loop/main.ts --unit E004.1 --trials 600 --out runs/closed-loop`. docs/closed-loop.md.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { connect } from "../../clients/ts/index.ts";
import { runExperiment } from "./experiment.ts";
import { groupObjective, unitObjective } from "./objective.ts";
import { learningCurve, summary } from "./report.ts";

const { values } = parseArgs({
  options: {
    url: { type: "string", default: "http://127.0.0.1:8787" },
    unit: { type: "string" },
    group: { type: "string" },
    trials: { type: "string", default: "600" },
    seed: { type: "string", default: "1" },
    out: { type: "string", default: "runs/closed-loop" },
  },
});

// A token on the command line could be read by every process of the machine.
const token = process.env.PHOSPHENE_TOKEN;
using client = connect(values.url, token === undefined ? {} : { token });
const hello = await client.opened();
const objective =
  values.group === undefined
    ? unitObjective(hello, values.unit ?? hello.bundle.unitLabels[0] ?? "")
    : groupObjective(hello, values.group);

const outcome = await runExperiment({
  client,
  objective,
  trials: Number(values.trials),
  seed: Number(values.seed),
  onGeneration: (generation, records) => {
    const own = records.filter((each) => each.generation === generation && each.role === "candidate");
    const mean = own.reduce((sum, { score }) => sum + score, 0) / own.length;
    process.stderr.write(`generation ${generation}: ${records.length} trials, mean score ${mean.toFixed(2)}\n`);
  },
});
const picture = await client.get(`/stimuli/${outcome.bestStimulus}`);
mkdirSync(values.out, { recursive: true });
const { width, height, image } = outcome.best;
const best = { width, height, rgb: Buffer.from(image).toString("base64") };
const { records, means } = outcome;
const { fromMs, toMs } = objective.trial;
const { name: bundle } = hello.bundle;
const what = {
  objective: objective.name,
  scale: objective.scale,
  unit: objective.unit,
  span: { fromMs, toMs },
  bundle,
};
const report = { ...what, ...summary(outcome) };
writeFileSync(join(values.out, "result.json"), JSON.stringify({ ...report, best, means, records }));
writeFileSync(join(values.out, "best.png"), new Uint8Array(await picture.arrayBuffer()));
writeFileSync(join(values.out, "curve.svg"), learningCurve(`Closed loop: ${objective.name}`, objective.scale, records));
process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
