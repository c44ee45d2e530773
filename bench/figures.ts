// `npm run bench -- figures [LABEL=]RESULT.json ... [--out DIR]`: results of `bench -- latency` as docs/pictures/latency-cdf.svg and -waterfall.svg.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cdfFigure } from "./figures/cdf.ts";
import type { LabelledRun } from "./figures/run.ts";
import { waterfallFigure } from "./figures/waterfall.ts";
import { latencySchema } from "./latency/result.ts";
import { readResult } from "./output.ts";

export async function figures(args: string[]): Promise<void> {
  const options = { out: { type: "string", default: "docs/pictures" }, waterfall: { type: "string" } } as const;
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
  if (positionals.length === 0) throw new Error("expected results: npm run bench -- figures [LABEL=]RESULT.json ...");
  const runs = positionals.map(labelled);
  // The panels of the second figure, by number: all without a choice.
  const chosen = values.waterfall?.split(",").map((i) => runs[Number(i) - 1]!) ?? runs;
  mkdirSync(values.out, { recursive: true });
  for (const [name, svg] of [
    ["latency-cdf.svg", cdfFigure(runs)],
    ["latency-waterfall.svg", waterfallFigure(chosen)],
  ] as const) {
    writeFileSync(join(values.out, name), svg);
    process.stdout.write(`${join(values.out, name)}\n`);
  }
}

function labelled(said: string): LabelledRun {
  const [, label, path] = /^(?:([^=]*)=)?(.+)$/.exec(said)!;
  const result = latencySchema.parse(readResult(path!).value);
  const { provider, wantedHz, hogs } = result;
  return { label: label ?? `${provider}, ${wantedHz.toFixed(0)}/s${hogs > 0 ? `, ${hogs} hogs` : ""}`, result };
}
