/** One spike-sorted unit as the plugin names it. */
export interface RigUnit {
  readonly electrode: string;
  readonly sortedId: number;
}

/** A change of the stimulus: `state` 1 at onset, 0 when the screen is blank again. */
export interface RigEvent {
  readonly sampleNum: number;
  readonly text: string;
  readonly state: 0 | 1;
}

/** What happened during one block; sample numbers count from the start of the session. Both arrays have equal length. */
export interface RigBlock {
  readonly spikeSamples: readonly number[];
  readonly spikeUnits: readonly number[];
  readonly events: readonly RigEvent[];
}

/** Something that the rig plays: simulated cells, or a recording. Endless. */
export interface RigSource {
  readonly name: string;
  readonly units: readonly RigUnit[];
  /** The next `ms` milliseconds. */
  next(ms: number): RigBlock;
}

/** Samples in a millisecond at 30 kHz. */
export const SAMPLES_PER_MS = 30;
/** Sample rate of everything the rig sends, Hz. */
export const SAMPLE_RATE_HZ = SAMPLES_PER_MS * 1_000;
