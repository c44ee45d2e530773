import type { AdapterContext } from "../define.ts";
import type { DetectOptions } from "./options.ts";
import { type ThresholdDetector, thresholdDetector } from "./threshold.ts";

/** Threshold crossing over all channels of a stream. */
export interface ChannelDetector {
  /** Samples of one channel; `name` is its name at the rig. */
  push(name: string, firstSample: number, samples: Float32Array): void;
  /** The sample rate changed, or the acquisition started again. */
  reset(sampleRateHz: number): void;
}

/** A channel of the plugin without a name is `CH<n>`, counted from 1. */
export function channelName(index: number, name?: string): string {
  return name ?? `CH${index + 1}`;
}

/** Detectors are made for channels that have a unit `<name>.0` in the bundle; others are not looked at, and named once in the log. */
export function channelDetector(
  options: DetectOptions,
  unitOf: (name: string) => number | undefined,
  log: AdapterContext["log"],
  found: (sampleNum: number, unit: number) => void,
): ChannelDetector {
  const wanted = options.channels === undefined ? undefined : new Set(options.channels);
  let rateHz = Number.NaN;
  let channels = new Map<string, { detector: ThresholdDetector; found: (sampleNum: number) => void } | null>();

  const make = (name: string) => {
    const unit = wanted === undefined || wanted.has(name) ? unitOf(name) : undefined;
    if (unit === undefined) {
      log(wanted?.has(name) ? "warn" : "debug", `channel ${name} is not looked at: the bundle has no unit of it`);
      return null;
    }
    return { detector: thresholdDetector(options, rateHz), found: (sampleNum: number) => found(sampleNum, unit) };
  };
  return {
    push(name, firstSample, samples) {
      let channel = channels.get(name);
      if (channel === undefined && channels.size < MOST_CHANNELS) {
        channel = make(name);
        channels.set(name, channel);
      }
      channel?.detector.push(firstSample, samples, channel.found);
    },
    reset(sampleRateHz) {
      rateHz = sampleRateHz;
      channels = new Map();
    },
  };
}

/** Hostile names must not fill the memory. */
const MOST_CHANNELS = 65_536;

/** Little-endian float32 samples; a view where the bytes lie so that one is possible, else a copy. */
export function float32Samples(bytes: Uint8Array): Float32Array {
  if (bytes.byteOffset % 4 === 0) return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2);
  return new Float32Array(new Uint8Array(bytes).buffer, 0, bytes.byteLength >> 2);
}
