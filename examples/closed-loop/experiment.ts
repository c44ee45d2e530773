import type { Client, Picture } from "../../clients/ts/index.ts";
import type { Objective } from "./objective.ts";
import { createPainter, DIMENSION } from "./pictures.ts";
import { Recorder, type TrialRecord } from "./recorder.ts";
import { createSearch, type Search } from "./search.ts";

/** Candidates of a generation, in mirrored pairs; and how often the picture in their middle is shown with them. */
const PAIRS = 12;
const PROBES = 2;
const FIRST_SPREAD = 0.6;
/** At the end the grey picture that it began with and the best one, so often, each after a grey one. */
const FINAL_ROUNDS = 10;
/** Trials of one generation. */
export const GENERATION = 2 * PAIRS + PROBES;
/** Trials of the comparison at the end. */
export const FINALS = 3 * FINAL_ROUNDS;

export interface Outcome {
  readonly records: readonly TrialRecord[];
  /** The picture in the middle after each generation, as numbers of the basis. */
  readonly means: readonly (readonly number[])[];
  readonly best: Picture;
  /** Stimulus id of its last showing. */
  readonly bestStimulus: string;
  /** Trials that were lost and repeated. */
  readonly lost: number;
}

export interface Experiment {
  readonly client: Client;
  readonly objective: Objective;
  /** At least so many, in whole generations, before the comparison at the end. */
  readonly trials: number;
  readonly seed: number;
  readonly onGeneration?: (generation: number, records: readonly TrialRecord[]) => void;
}

type Paint = (point: Float64Array) => Picture;

/** Searches for the picture with the highest score, closing the loop through the daemon. Rejects when the daemon refuses pictures for good. */
export async function runExperiment(experiment: Experiment): Promise<Outcome> {
  const { client, objective, seed } = experiment;
  const { bundle } = await client.opened();
  const paint = createPainter(bundle.image.width, bundle.image.height);
  const search = createSearch({ dimension: DIMENSION, pairs: PAIRS, sigma: FIRST_SPREAD, seed });
  const recorder = new Recorder(client, bundle.units, objective);
  try {
    const means = await climb(experiment, recorder, search, paint);
    const best = paint(search.mean);
    const bestStimulus = await compare(recorder, best, paint(new Float64Array(DIMENSION)), means.length - 1);
    return { records: recorder.records, means, best, bestStimulus, lost: recorder.lost };
  } finally {
    recorder.close();
  }
}

/** Generation after generation; resolves with the middle after each. */
async function climb({ trials, onGeneration }: Experiment, recorder: Recorder, search: Search, paint: Paint) {
  const means: number[][] = [];
  let probes: Promise<TrialRecord>[] = [];
  for (let generation = 0; generation < Math.ceil(trials / GENERATION); generation++) {
    const middle = paint(search.mean);
    const candidates = search.ask().map((point) => recorder.show(paint(point), "candidate", generation));
    await Promise.all(probes);
    // While these are on, the responses to the last candidates come in: the screen never waits for one.
    probes = Array.from({ length: PROBES }, () => recorder.show(middle, "middle", generation));
    const shown = await Promise.all(candidates);
    search.tell(shown.map(({ score }) => score));
    means.push([...search.mean]);
    onGeneration?.(generation, recorder.records);
  }
  await Promise.all(probes);
  return means;
}

/** The grey picture and the best one in turns; resolves with the stimulus id of the best one's last showing. */
async function compare(recorder: Recorder, best: Picture, grey: Picture, generation: number): Promise<string> {
  const rounds = Array.from({ length: FINAL_ROUNDS }, () => [
    recorder.show(grey, "lead", generation),
    recorder.show(grey, "grey", generation),
    recorder.show(best, "best", generation),
  ]);
  const shown = await Promise.all(rounds.flat());
  return shown.at(-1)?.stimulus ?? "";
}
