// `npm run bench -- drift`: a linear decoder whose units drift away from it, with adaptation and without, on stimuli that it is never taught.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { readBundleOf } from "../../daemon/bundle.ts";
import { readTargets } from "../../daemon/decoder/targets.ts";
import { readSession } from "../../rig/session.ts";
import { ADAPTATION } from "../../src/decode/adaptation.ts";
import { linearModel } from "../../src/decode/linear.ts";
import { PhospheneError } from "../../src/errors.ts";
import { beginRun, OUTPUT_OPTIONS, originText, publish } from "../output.ts";
import { table } from "../table.ts";
import { driftFigure } from "./figure.ts";
import type { DriftResult } from "./result.ts";
import { type DriftRun, playDrift, type Subject } from "./run.ts";

const truths = z.object({
  stimuli: z.array(z.object({ id: z.string(), category: z.string(), labels: z.record(z.string(), z.unknown()) })),
});

/** Plays the session and reports; `--figure FILE` draws the curves. */
export async function drift(args: string[]): Promise<void> {
  const number = (text: string) => ({ type: "string", default: text }) as const;
  const { values } = parseArgs({
    args,
    options: {
      ...OUTPUT_OPTIONS,
      ...{ bundle: number("models/demo-linear"), session: number("models/demo/session"), figure: { type: "string" } },
      ...{ minutes: number("30"), point: number("60"), seed: number("1"), every: number("2") },
      ...{ "drift-sd": number("0.3"), "drift-tau": number("600"), lost: number("0.1"), moved: number("0.2") },
      ...{ forgetting: number(String(ADAPTATION.forgetting)), penalty: number(String(ADAPTATION.penalty)) },
    },
  });
  const finish = beginRun("drift", args);
  const subject = await readSubject(values.bundle, values.session);
  const minutes = values.smoke ? 4 : Number(values.minutes);
  const run: DriftRun = {
    ...{ minutes, pointS: values.smoke ? 120 : Number(values.point), seed: Number(values.seed) },
    ...{ everyBins: Number(values.every), lost: Number(values.lost), moved: Number(values.moved) },
    ...{ driftSd: Number(values["drift-sd"]), driftTauMs: 1000 * Number(values["drift-tau"]) },
    atMs: 30_000 * minutes,
  };
  const adapt = { forgetting: Number(values.forgetting), penalty: Number(values.penalty) };
  const points = playDrift(subject, run, adapt);
  const result: DriftResult = { ...finish(), bundle: subject.manifest.name, run, adapt, points };
  publish(result, driftText(result), { json: values.json, write: values.write, section: values.section ?? "drift" });
  if (values.figure !== undefined) writeFileSync(values.figure, driftFigure(result));
}

/** A bundle that knows some of the stimuli of a simulated session, and the truth about all of them. */
export async function readSubject(bundle: string, session: string): Promise<Subject> {
  const { manifest } = await readBundleOf(bundle, "linear");
  const played = await readSession(session);
  if (played.kind !== "simulated") throw new PhospheneError("SESSION_INVALID", `${session}: expected a simulated one`);
  const { stimuli } = await readTargets(bundle, manifest);
  const known = truths.parse(JSON.parse(readFileSync(join(session, "session.json"), "utf8"))).stimuli;
  return {
    manifest,
    model: linearModel(manifest, readFileSync(join(bundle, manifest.files.matrices.path))),
    targets: new Map([...stimuli].map(([id, { latents }]) => [id, latents])),
    session: played,
    truths: new Map(known.map(({ id, ...truth }) => [id, truth])),
  };
}

/** The report of a result, Markdown. */
export function driftText(result: DriftResult): string {
  const { run, adapt, points, bundle } = result;
  const rows = points.map(({ minute, updates, frozen, adapted }) => [
    minute.toFixed(1),
    String(updates),
    String(frozen.windows),
    ...[frozen.category, adapted.category, frozen.values, adapted.values].map((value) => value.toFixed(3)),
    ...[frozen.explained, adapted.explained].map((value) => value.toFixed(3)),
  ]);
  const head = [
    "to minute",
    "lessons",
    "windows",
    "category",
    "adapted",
    "values R²",
    "adapted",
    "explained",
    "adapted",
  ];
  const change = `after ${run.atMs / 60_000} minutes ${100 * run.lost} % of the units are lost and ${100 * run.moved} % change places`;
  return [
    `\`${bundle}\`, log gains drifting with standard deviation ${run.driftSd} in ${run.driftTauMs / 60_000} minutes; ${change}. Scores of windows of stimuli that are never taught.`,
    `Forgetting ${adapt.forgetting}, penalty ${adapt.penalty}.`,
    "",
    ...table(rows, head),
    "",
    originText(result),
  ].join("\n");
}
