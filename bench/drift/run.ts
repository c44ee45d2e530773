import type { SimulatedSession } from "../../rig/session-schema.ts";
import { SAMPLES_PER_MS } from "../../rig/source.ts";
import { type AdaptationOptions, LinearAdaptation } from "../../src/decode/adaptation.ts";
import { BLANK, Lessons } from "../../src/decode/lessons.ts";
import { type LinearModel, LinearRunner } from "../../src/decode/linear.ts";
import type { LinearManifest } from "../../src/decode/manifest.ts";
import { normalise } from "../../src/ops/window.ts";
import { type Counted, type DriftOptions, driftingAnimal } from "./animal.ts";
import { type Score, Scorer, type Truth } from "./score.ts";

export interface DriftRun extends DriftOptions {
  readonly minutes: number;
  /** How long the windows of one point are, s. */
  readonly pointS: number;
  readonly everyBins: number;
}

/** At the end of each stretch of time: what the bundle told as it is, and as it had adapted, of stimuli that it was never taught. */
export interface Point {
  readonly minute: number;
  readonly updates: number;
  readonly frozen: Score;
  readonly adapted: Score;
}

export interface Subject {
  readonly manifest: LinearManifest;
  readonly model: LinearModel;
  /** By stimulus that may be taught: its latents. */
  readonly targets: ReadonlyMap<string, Float32Array>;
  readonly session: SimulatedSession;
  /** What is known of every stimulus. */
  readonly truths: ReadonlyMap<string, Truth>;
}

const LESSONS = { fromMs: 100, untilMs: 50, blankFromMs: 250 };

/**
 * Plays the animal through a decoder that adapts and the same one that does not, by the same windows and rules as the daemon (src/decode). Stimuli with
 * targets are taught, after they were decoded; all others, which the bundle has none of, are what the scores are of.
 */
export function playDrift(subject: Subject, run: DriftRun, adapt: AdaptationOptions): Point[] {
  const { manifest, targets, truths } = subject;
  const [frozen, adapted] = [0, 1].map(() => new Scorer(manifest, [...truths.values()])) as [Scorer, Scorer];
  const runner = new LinearRunner(subject.model);
  const shape = { units: manifest.units.count, bins: manifest.bins.window, latents: manifest.latents.dimension };
  const adaptation = new LinearAdaptation(runner, shape, adapt);
  adaptation.switch(true);
  const blank = new Float32Array(shape.latents);
  const points: Point[] = [];
  const perPoint = Math.round((1000 * run.pointS) / manifest.bins.widthMs);
  for (const { index, values, id } of windows(subject, run)) {
    const target = id === BLANK ? blank : targets.get(id ?? "");
    const truth = truths.get(id ?? "");
    if (target !== undefined) {
      adaptation.teach(values, target);
      while (adaptation.work());
    } else if (truth !== undefined) {
      frozen.add(values, runner.encode(values), truth);
      adapted.add(values, runner.encode(values, adaptation), truth);
    }
    if (Math.floor((index + run.everyBins) / perPoint) > points.length)
      points.push({
        minute: ((points.length + 1) * run.pointS) / 60,
        updates: adaptation.updates,
        frozen: frozen.take(),
        adapted: adapted.take(),
      });
  }
  return points;
}

/** Every n-th window of the session, with the stimulus that it is wholly a response to. */
function* windows({ manifest, session }: Subject, run: DriftRun) {
  const { widthMs, window: length } = manifest.bins;
  const next = driftingAnimal(session, widthMs, run);
  const lessons = new Lessons(LESSONS);
  const kept: Float32Array[] = [];
  for (let index = 0; index * widthMs < run.minutes * 60_000; index++) {
    const counted: Counted = next();
    for (const { text, sampleNum } of counted.events)
      lessons.event({ event: "text", text, time: sampleNum / SAMPLES_PER_MS / 1000 });
    kept.push(counted.counts);
    if (kept.length > length) kept.shift();
    if (kept.length < length || index % run.everyBins !== 0) continue;
    const times = { first: ((index + 1 - length) * widthMs) / 1000, last: ((index + 1) * widthMs) / 1000 };
    const id = lessons.of({ first: { startS: times.first }, last: { endS: times.last }, silent: null });
    yield { index, values: normalise(joined(kept), manifest.normalisation), id };
  }
}

function joined(bins: readonly Float32Array[]): Float32Array {
  const units = bins[0]!.length;
  const all = new Float32Array(bins.length * units);
  for (const [i, bin] of bins.entries()) all.set(bin, i * units);
  return all;
}
