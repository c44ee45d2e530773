import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { expected, PhospheneError } from "../src/errors.ts";
import { type MatValue, readMat5 } from "./mat5.ts";

/** Suffix of the files of one neuron each, after the electrode's name. */
export const RASTER_SUFFIX = "_raster_data.mat";
/** Length of a trial, ms; the stimulus comes on at ONSET_MS and stays to the end. */
export const TRIAL_MS = 1_000;
export const ONSET_MS = 500;

/** Trials of the rule `every-nth`: within a condition, in file order, trial i is held out when i % n === offset. */
export interface Split {
  readonly n: number;
  readonly offset: number;
}

/** Held-out trials of one neuron, by condition `<object>-<position>`; a trial is its spikes in ms, ascending. */
export type HeldOutTrials = ReadonlyMap<string, readonly Uint16Array[]>;

/** Reads one neuron of the macaque IT rasters. Errors: RECORDING_INVALID. Source: Zhang, Meyers et al. 2011. */
export async function readRasters(folder: string, electrode: string, split: Split): Promise<HeldOutTrials> {
  const file = join(folder, `${electrode}${RASTER_SUFFIX}`);
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new PhospheneError("RECORDING_INVALID", `${file}: expected a file that can be read`, { cause });
  });
  const variables = readMat5(bytes, basename(file));
  const { data, trials } = rasterOf(variables.get("raster_data"), file);
  const labels = variables.get("raster_labels");
  const objects = textsOf(labels, "stimulus_ID", trials, file);
  const positions = textsOf(labels, "stimulus_position", trials, file);
  return heldOut(
    objects.map((object, trial) => `${object}-${positions[trial]}`),
    split,
    (trial) => spikesOf(data, trials, trial),
  );
}

function heldOut(conditions: readonly string[], split: Split, spikes: (trial: number) => Uint16Array): HeldOutTrials {
  const seen = new Map<string, number>();
  const trials = new Map<string, Uint16Array[]>();
  conditions.forEach((condition, trial) => {
    const index = seen.get(condition) ?? 0;
    seen.set(condition, index + 1);
    if (index % split.n !== split.offset) return;
    const list = trials.get(condition) ?? [];
    trials.set(condition, list);
    list.push(spikes(trial));
  });
  return trials;
}

function spikesOf(data: ArrayLike<number>, trials: number, trial: number): Uint16Array {
  const spikes: number[] = [];
  // Column after column: a column is one millisecond of all trials.
  for (let ms = 0; ms < TRIAL_MS; ms++) if ((data[ms * trials + trial] ?? 0) > 0) spikes.push(ms);
  return Uint16Array.from(spikes);
}

function rasterOf(value: MatValue | undefined, file: string) {
  if (value?.kind !== "numbers") throw invalid(file, expected("raster_data", "a matrix of numbers", value?.kind));
  const [trials = 0, ms] = value.dims;
  if (ms !== TRIAL_MS || value.dims.length !== 2) {
    throw invalid(file, expected("raster_data", `trials x ${TRIAL_MS} ms`, value.dims.join(" x ")));
  }
  return { data: value.data, trials };
}

function textsOf(labels: MatValue | undefined, field: string, trials: number, file: string): string[] {
  const cells = labels?.kind === "struct" ? labels.fields.get(field) : undefined;
  if (cells?.kind !== "cells" || cells.cells.length !== trials) {
    throw invalid(file, expected(`raster_labels.${field}`, `${trials} texts`, cells?.kind));
  }
  return cells.cells.map((cell) => {
    if (cell.kind !== "chars") throw invalid(file, expected(`raster_labels.${field}`, "texts", cell.kind));
    return cell.text;
  });
}

function invalid(file: string, problem: string): PhospheneError {
  return new PhospheneError("RECORDING_INVALID", `${file}: ${problem}`);
}
