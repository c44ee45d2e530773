import { z } from "zod";

/** Options of a source of kind `simulator`; unknown keys are refused. */
export const simulatorOptions = z.strictObject({
  /** The same seed gives the same spikes, to the bit. */
  seed: z.int().min(0).max(0xffff_ffff).default(1),
  /** Mean rate of a unit while a stimulus is on, Hz; a third of it while none is. */
  rateHz: z.number().min(0).max(500).default(20),
  /** Time between blocks, ms. */
  blockMs: z.int().min(1).max(1_000).default(10),
  /** How many units fire, from the first; all of the bundle's when left out. */
  units: z.int().min(1).max(65_535).optional(),
  /** A stimulus is on for so long, and off for as long, ms. */
  stimulusMs: z.int().min(1).max(60_000).default(500),
  /** Number of different stimuli, named s0, s1, … */
  stimuli: z.int().min(1).max(1_000).default(8),
  /** Blocks at their time, or as fast as they are taken. */
  realtime: z.boolean().default(true),
});

export type SimulatorOptions = z.infer<typeof simulatorOptions>;
