import { KERNEL_VOLUMES, responseKernel } from "./haemodynamics.ts";
import { createRandom, type Random, randomOrder } from "./random.ts";
import type { BoldSession } from "./session-schema.ts";

/** One volume of a scanner. */
export interface Volume {
  /** Whole numbers, one a voxel. */
  readonly intensities: Float32Array;
  /** What came on or went off at its beginning. */
  readonly event: string | undefined;
}

/** A session of kind bold: its stimuli in random order, each followed by a blank. The same seed plays the same. */
export interface BoldSource {
  readonly labels: readonly string[];
  readonly trMs: number;
  next(): Volume;
}

const ORDER_STREAM = 1;
const NOISE_STREAM = 2;
const PHASE_STREAM = 3;

/** docs/bundle.md, session/ of kind bold: evoked responses, noise and drift in per cent of each voxel's baseline. */
export function playBold(session: BoldSession, seed: number): BoldSource {
  const { units, stimuli, presentation, trMs, scanner } = session;
  const [step, on] = [(presentation.onMs + presentation.offMs) / trMs, presentation.onMs / trMs];
  const evoked = createEvoked(session);
  const background = createBackground(session, seed);
  const order = randomOrder(stimuli.length, createRandom(seed, ORDER_STREAM));
  let volume = 0;
  return {
    labels: units.map(({ label }) => label),
    trMs,
    next() {
      const tau = volume % step;
      let event = tau === on && step > on ? "stimulus blank" : undefined;
      if (tau === 0) {
        const stimulus = order();
        evoked.show(stimulus);
        event = `stimulus ${stimuli[stimulus]!.id}`;
      }
      const level = evoked.next();
      background.add(level, volume++);
      const intensities = Float32Array.from(level, (percent, voxel) => {
        const intensity = Math.round(scanner.baseline[voxel]! * (1 + percent / 100));
        return Math.min(65_535, Math.max(0, intensity));
      });
      return { intensities, event };
    },
  };
}

/** What the stimuli evoke in each voxel, per cent: a sum over those that were shown lately. */
export function createEvoked({ trMs, faster, presentation, scanner, noise, response, units }: BoldSession) {
  const voxels = units.length;
  const kernel = responseKernel((trMs / 1000) * faster, (presentation.onMs / 1000) * faster, scanner.delay);
  let shown: { stimulus: number; volume: number }[] = [];
  return {
    /** The next volume begins with this stimulus. */
    show(stimulus: number): void {
      shown.push({ stimulus, volume: 0 });
    },
    next(): Float64Array {
      const level = new Float64Array(voxels);
      for (const each of shown) {
        const [at, from] = [each.volume++ * voxels, each.stimulus * voxels];
        for (let voxel = 0; voxel < voxels; voxel++)
          level[voxel]! +=
            (noise.mean + noise.signal * response[from + voxel]!) * scanner.amplitude[voxel]! * kernel[at + voxel]!;
      }
      shown = shown.filter(({ volume }) => volume < KERNEL_VOLUMES);
      return level;
    },
  };
}

/** Noise of each voxel, noise that voxels share, and slow drift. */
function createBackground({ noise, loading, units, trMs, faster }: BoldSession, seed: number) {
  const { own, shared, drift, correlation, components, periods } = noise;
  const random = createRandom(seed, NOISE_STREAM);
  const phase = createRandom(seed, PHASE_STREAM);
  const phases = periods.map(() => 2 * Math.PI * phase.uniform());
  const voxels = units.length;
  const single = Array.from({ length: voxels }, () => autoregressive(correlation, random));
  const common = Array.from({ length: components }, () => autoregressive(correlation, random));
  return {
    /** Adds it to the level of volume number `volume`. */
    add(level: Float64Array, volume: number): void {
      const tS = ((volume * trMs) / 1000) * faster;
      const waves = [
        ...common.map((next) => shared * next()),
        ...periods.map((period, i) => drift * Math.SQRT2 * Math.sin((2 * Math.PI * tS) / period + phases[i]!)),
      ];
      for (let voxel = 0; voxel < voxels; voxel++) {
        let sum = own * single[voxel]!();
        for (const [i, wave] of waves.entries()) sum += wave * loading[i * voxels + voxel]!;
        level[voxel]! += sum;
      }
    },
  };
}

/** First-order autoregression of variance 1. */
function autoregressive(keep: number, random: Random): () => number {
  const fresh = Math.sqrt(1 - keep * keep);
  let y: number | undefined;
  return () => {
    y = y === undefined ? random.normal() : keep * y + fresh * random.normal();
    return y;
  };
}
