import { readdir } from "node:fs/promises";
import { expected, PhospheneError } from "../src/errors.ts";
import { createRandom, randomOrder } from "./random.ts";
import { type HeldOutTrials, ONSET_MS, RASTER_SUFFIX, readRasters, type Split, TRIAL_MS } from "./rasters.ts";
import type { RecordingSession } from "./session-schema.ts";
import { type RigBlock, type RigEvent, type RigSource, type RigUnit, SAMPLES_PER_MS } from "./source.ts";

/** What is played when no session says otherwise: the trials that training keeps out. */
const DEFAULT_SPLIT: Split = { n: 4, offset: 3 };

/** Loads the held-out trials of a folder of macaque IT rasters. Without a session: all files, in order of their names. */
export async function loadRecording(folder: string, seed: number, session?: RecordingSession): Promise<RigSource> {
  const units = session?.units ?? (await unitsIn(folder));
  const split = session?.split ?? DEFAULT_SPLIT;
  const trials: HeldOutTrials[] = [];
  for (const { electrode } of units) trials.push(await readRasters(folder, electrode, split));
  const found = [...new Set(trials.flatMap((unit) => [...unit.keys()]))].sort();
  const conditions = session?.stimuli.map(({ id }) => id) ?? found;
  const missing = conditions.find((condition) => !found.includes(condition));
  if (missing !== undefined || conditions.length === 0) {
    throw new PhospheneError("RECORDING_INVALID", `${folder}: ${expected("conditions", missing ?? "some", found)}`);
  }
  return playTrials(session?.name ?? "recording", units, conditions, trials, seed);
}

async function unitsIn(folder: string): Promise<RigUnit[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new PhospheneError("RECORDING_INVALID", `${folder}: expected a folder that can be read`, { cause });
  });
  const files = names.filter((name) => name.endsWith(RASTER_SUFFIX)).sort();
  if (files.length === 0) {
    throw new PhospheneError("RECORDING_INVALID", `${folder}: expected files *${RASTER_SUFFIX}, found none`);
  }
  return files.map((file) => ({ electrode: file.slice(0, -RASTER_SUFFIX.length), sortedId: 1 }));
}

/** A pseudo-population: the cells were recorded one after another, so each plays a trial of its own of the condition. */
export function playTrials(
  name: string,
  units: readonly RigUnit[],
  conditions: readonly string[],
  trials: readonly HeldOutTrials[],
  seed: number,
): RigSource {
  const choice = createRandom(seed, 0);
  const order = randomOrder(conditions.length, createRandom(seed, 1));
  let condition = "";
  let trial = emptyTrial();
  let ms = 0;

  const begin = () => {
    condition = conditions[order()] ?? "";
    trial = emptyTrial();
    trials.forEach((unit, index) => {
      const list = unit.get(condition) ?? [];
      const spikes = list.length > 0 ? list[choice.below(list.length)] : undefined;
      for (const at of spikes ?? []) trial[at]?.push(index);
    });
  };
  return {
    name,
    units,
    next(blockMs): RigBlock {
      const block = { spikeSamples: [] as number[], spikeUnits: [] as number[], events: [] as RigEvent[] };
      for (const end = ms + blockMs; ms < end; ms++) {
        const at = ms % TRIAL_MS;
        const sampleNum = ms * SAMPLES_PER_MS;
        if (at === 0 && ms > 0) block.events.push({ sampleNum, text: "stimulus blank", state: 0 });
        if (at === 0) begin();
        if (at === ONSET_MS) block.events.push({ sampleNum, text: `stimulus ${condition}`, state: 1 });
        for (const unit of trial[at] ?? []) {
          // The rasters know the millisecond only: its middle.
          block.spikeSamples.push(sampleNum + SAMPLES_PER_MS / 2);
          block.spikeUnits.push(unit);
        }
      }
      return block;
    },
  };
}

/** Units that fire in each millisecond. */
function emptyTrial(): number[][] {
  return Array.from({ length: TRIAL_MS }, () => []);
}
