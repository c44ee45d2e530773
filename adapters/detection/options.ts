import { z } from "zod";

/** How spikes are found in continuous data. */
export const detectSettings = z
  .strictObject({
    /** Names of the channels to look at; without it those whose unit `<name>.0` the bundle has. */
    channels: z.array(z.string().min(1)).optional(),
    /** Pass band, Hz: two poles at each end (Butterworth), causal. */
    lowHz: z.number().min(1).max(20_000).default(300),
    highHz: z.number().min(10).max(1e6).default(6_000),
    /** A spike is a trough below this many standard deviations of the noise, which is median(|x|) / 0.6745. */
    threshold: z.number().min(-100).max(-1).default(-4.5),
    /** No second spike of the channel within this, ms. */
    refractoryMs: z.number().min(0.1).max(100).default(1),
    /** The noise is measured over stretches of this length; before the first one is over there are no spikes, s. */
    settleS: z.number().min(0.1).max(60).default(2),
  })
  .refine(({ lowHz, highHz }) => lowHz < highHz, "expected lowHz below highHz");

/** For rigs that send no spikes. Unset: continuous data give a clock only. */
export const detectOptions = detectSettings.optional();

export type DetectOptions = z.infer<typeof detectSettings>;
