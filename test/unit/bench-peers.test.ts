import { expect, test } from "vitest";
import { compare, complaints } from "../../bench/peers/agreement.ts";
import type { Kept } from "../../bench/peers/client.ts";
import { latencies } from "../../bench/peers/play.ts";
import { countsOf, SAMPLES_PER_MS, spikesOf } from "../../bench/peers/spikes.ts";

const train = { units: 5, rateHz: 3000, seconds: 2, seed: 7 };

test("a train is in order, has its rate, is the same for the same seed, and its counts are all of its spikes", () => {
  const spikes = [...spikesOf(train)];
  const samples = spikes.map(({ sample }) => sample);
  expect(samples).toEqual([...samples].sort((a, b) => a - b));
  expect(Math.abs(spikes.length - 6000)).toBeLessThan(5 * Math.sqrt(6000));
  expect([...spikesOf(train)]).toEqual(spikes);
  expect([...spikesOf({ ...train, seed: 8 })]).not.toEqual(spikes);
  const counts = countsOf(train, 20);
  expect(counts).toHaveLength(100);
  expect(counts.flatMap((bin) => [...bin]).reduce((a, b) => a + b)).toBe(spikes.length);
  const third = spikes.filter(({ sample }) => Math.floor(sample / (20 * SAMPLES_PER_MS)) === 3);
  expect([...counts[3]!]).toEqual([0, 1, 2, 3, 4].map((unit) => third.filter((each) => each.unit === unit).length));
});

test("latency counts from the close of an output's bin to its first arrival; a bin without one is lost, the first bins and unclosed ones are left out", () => {
  const closedMs = [100, 120, 140, 160, 180];
  const received = { bins: [0, 1, 3, 3, 4, 5], atMs: [900, 121, 165, 199, 183, 200], kept: [] };
  expect(latencies(closedMs, received, 1)).toEqual({ latencyMs: [1, 5, 3], lost: 1, expected: 4 });
});

function output(bin: number, mu: readonly number[], image: readonly number[]): Kept {
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
  const latents = new Uint8Array(Float32Array.from(mu).buffer);
  return { bin, mu: base64(latents), image: base64(Uint8Array.from(image)), steps: 1 };
}

test("outputs that are wrong, empty, always the same or of another bin are told from right ones", () => {
  const wanted = new Map([1, 2, 3].map((bin) => [bin, output(bin, [bin, 0.5], [bin, 20, 30])]));
  const check = (outputs: readonly Kept[]) =>
    complaints(
      "linear",
      compare(outputs, (bin) => wanted.get(bin)),
    );
  expect(check([...wanted.values()])).toEqual([]);
  expect(check([output(1, [1.001, 0.5], [2, 20, 30]), output(2, [2, 0.5], [2, 20, 29])])).toEqual([]);
  expect(check([])).toEqual(["no output was compared"]);
  expect(check([output(1, [1, 0.6], [1, 20, 30])])).toEqual([expect.stringMatching(/^latents: expected within/)]);
  expect(check([output(1, [1, 0.5], [4, 20, 30])])).toEqual([expect.stringMatching(/^pictures: expected within/)]);
  expect(check([output(1, [1, Number.NaN], [1, 20, 30])])).toEqual([expect.stringMatching(/got NaN/)]);
  expect(check([output(2, [1, 0.5], [1, 20, 30])])).not.toEqual([]);
  expect(check([output(1, [], [])])).toEqual([
    expect.stringMatching(/^latents.*Infinity/),
    expect.stringMatching(/^pictures.*Infinity/),
  ]);
  const stuck = [1, 2].map((bin) => output(bin, [bin, 0.5], [1, 20, 30]));
  expect(check(stuck)).toEqual([expect.stringMatching(/got the same 2 times/)]);
});
