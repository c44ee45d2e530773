import type { HelloBody } from "../../clients/ts/index.ts";
import type { Response } from "./responses.ts";
import type { TrialOptions } from "./trials.ts";

/** What a picture is scored by. */
export interface Objective {
  readonly name: string;
  /** Of the scores, for the axis of the curve. */
  readonly scale: string;
  /** Index of the unit, where it is one. */
  readonly unit: number | null;
  readonly trial: TrialOptions;
  readonly score: (response: Response) => number;
}

/** The shipped session's cells answer 50 to 90 ms after an onset. A picture that is sent 60 ms after the last one's onset follows it by about 85. */
const UNIT_TRIAL = { pictureMs: 60, fromMs: 60, toMs: 140, withLatents: false };
/** The window of a frame is 100 ms; half of it at least must be the response's. */
const GROUP_TRIAL = { pictureMs: 60, fromMs: 60, toMs: 160, withLatents: true };

/** Spikes of one unit, by its label. */
export function unitObjective({ bundle }: HelloBody, label: string): Objective {
  const unit = bundle.unitLabels.indexOf(label);
  if (unit < 0)
    throw new RangeError(`--unit: expected a label of the bundle such as ${bundle.unitLabels[0]}, got ${label}`);
  const { fromMs, toMs } = UNIT_TRIAL;
  const scale = `spikes of ${label} in ${toMs - fromMs} ms`;
  return { name: `unit ${label}`, scale, unit, trial: UNIT_TRIAL, score: ({ counts }) => counts[unit] ?? 0 };
}

/** Activation of a group of latents: the root mean square of their posterior means, which have variance 1 over pictures. */
export function groupObjective({ bundle }: HelloBody, name: string): Objective {
  const { groups } = bundle.latents;
  const index = groups.findIndex((group) => group.name === name);
  const group = groups[index];
  if (group === undefined)
    throw new RangeError(`--group: expected one of ${groups.map((each) => each.name).join(", ")}, got ${name}`);
  const from = groups.slice(0, index).reduce((sum, { size }) => sum + size, 0);
  const score = ({ mu }: Response) => {
    const values = mu?.subarray(from, from + group.size) ?? new Float32Array();
    return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / group.size);
  };
  return { name: `latent group ${name}`, scale: `activation of ${name} (RMS)`, unit: null, trial: GROUP_TRIAL, score };
}
