import { describe, expect, test } from "vitest";
import { butterworth } from "../../adapters/detection/biquad.ts";
import { channelDetector } from "../../adapters/detection/channels.ts";
import { detectSettings } from "../../adapters/detection/options.ts";
import { thresholdDetector } from "../../adapters/detection/threshold.ts";
import { createRandom } from "../../rig/random.ts";
import { createChannels, spikeWaveform } from "../../rig/signals.ts";

const RATE_HZ = 30_000;
const PEAK = 8;
const settings = detectSettings.parse({});

/** An LFP under noise of 8 uV with spikes of the given size at known samples, some 40 a second, 3 ms apart at least. */
function recording(seconds: number, peakUv: number, seed = 1) {
  const random = createRandom(seed, 3);
  const [channel] = createChannels(1, seed);
  const samples = channel!(0, seconds * RATE_HZ);
  const waveform = spikeWaveform(peakUv);
  const spikes: number[] = [];
  for (
    let at = 200;
    at + 40 < samples.length;
    at += 90 + Math.floor((-Math.log(1 - random.uniform()) * RATE_HZ) / 40)
  ) {
    spikes.push(at + PEAK);
    waveform.forEach((value, i) => {
      samples[at + i]! += value;
    });
  }
  return { samples, spikes };
}

function detect(samples: Float32Array, block: number, firstSample = 0, options = settings): number[] {
  const detector = thresholdDetector(options, RATE_HZ);
  const found: number[] = [];
  for (let at = 0; at < samples.length; at += block)
    detector.push(firstSample + at, samples.subarray(at, at + block), (sample) => found.push(sample));
  return found;
}

/** Found within 0.3 ms of a true one, once, after the noise has settled. */
function score(found: readonly number[], truth: readonly number[]) {
  const settled = (samples: readonly number[]) => samples.filter((sample) => sample > settings.settleS * RATE_HZ + 400);
  const left = new Set(settled(truth));
  const wanted = left.size;
  let hits = 0;
  for (const sample of settled(found)) {
    const match = [...left].find((spike) => Math.abs(spike - sample) <= 9);
    if (match === undefined) continue;
    left.delete(match);
    hits++;
  }
  return { recall: hits / wanted, precision: hits / settled(found).length, wanted };
}

describe("spikes in continuous data, noise 8 uV and an LFP of 60 uV", () => {
  test.each([
    [-60, 0.97, 0.98],
    [-80, 0.99, 0.99],
    [-120, 0.99, 0.99],
  ])("of %i uV: recall at least %f, precision at least %f", (peakUv, recall, precision) => {
    const { samples, spikes } = recording(20, peakUv);
    const result = score(detect(samples, 300), spikes);
    expect(result.wanted).toBeGreaterThan(400);
    expect(result.recall).toBeGreaterThanOrEqual(recall);
    expect(result.precision).toBeGreaterThanOrEqual(precision);
  });
  test("white noise alone gives one false spike in 4 s at most", () => {
    const random = createRandom(4, 4);
    const noise = Float32Array.from({ length: 20 * RATE_HZ }, () => 8 * random.normal());
    expect(detect(noise, 300).length).toBeLessThanOrEqual(5);
  });
});

test("the cut into blocks changes nothing: state spans them", () => {
  const { samples } = recording(6, -100);
  const whole = detect(samples, samples.length);
  expect(whole.length).toBeGreaterThan(50);
  for (const block of [1, 7, 300, 640]) expect(detect(samples, block)).toEqual(whole);
});

test("no two spikes within the refractory period", () => {
  const { samples } = recording(6, -150);
  const found = detect(samples, 300, 0, { ...settings, refractoryMs: 5 });
  const gaps = found.slice(1).map((sample, i) => sample - found[i]!);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(150);
});

test("nothing is found before the noise is known, nor while the filter rings after a gap", () => {
  const { samples } = recording(6, -150);
  expect(Math.min(...detect(samples, 300))).toBeGreaterThan(settings.settleS * RATE_HZ);
  const detector = thresholdDetector(settings, RATE_HZ);
  const found: number[] = [];
  const take = (sample: number) => found.push(sample);
  detector.push(0, samples, take);
  found.length = 0;
  detector.push(samples.length + 5_000, new Float32Array(300).fill(400), take);
  expect(found).toEqual([]);
});

test("samples that are no numbers do not poison the filter", () => {
  const { samples } = recording(6, -150);
  samples[100] = Number.NaN;
  samples[200] = Number.POSITIVE_INFINITY;
  expect(detect(samples, 300).length).toBeGreaterThan(50);
});

test("the band-pass passes 1 kHz and stops 30 Hz and 14 kHz", () => {
  const gain = (hz: number) => {
    const [high, low] = [butterworth("high", 300, RATE_HZ), butterworth("low", 6_000, RATE_HZ)];
    const tone = Float64Array.from({ length: RATE_HZ }, (_, i) => Math.sin((2 * Math.PI * hz * i) / RATE_HZ));
    high.run(tone);
    low.run(tone);
    return tone.subarray(RATE_HZ / 2).reduce((peak, value) => Math.max(peak, Math.abs(value)), 0);
  };
  expect(gain(1_000)).toBeGreaterThan(0.95);
  expect(gain(300)).toBeCloseTo(Math.SQRT1_2, 1);
  expect(gain(30)).toBeLessThan(0.02);
  expect(gain(14_000)).toBeLessThan(0.02);
});

test("channels without a unit are not looked at; those asked for by name say so", () => {
  const said: string[] = [];
  const detector = channelDetector(
    detectSettings.parse({ channels: ["CH1", "CH9"] }),
    (name) => (name === "CH9" ? undefined : 0),
    (level, message) => said.push(`${level} ${message}`),
    () => {},
  );
  detector.reset(RATE_HZ);
  for (const name of ["CH1", "CH2", "CH9", "CH9"]) detector.push(name, 0, new Float32Array(10));
  expect(said).toEqual([
    "debug channel CH2 is not looked at: the bundle has no unit of it",
    "warn channel CH9 is not looked at: the bundle has no unit of it",
  ]);
});
