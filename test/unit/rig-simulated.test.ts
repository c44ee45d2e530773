import { join } from "node:path";
import { expect, test } from "vitest";
import { createRandom, randomOrder } from "../../rig/random.ts";
import { readSession } from "../../rig/session.ts";
import { playSimulated } from "../../rig/simulated.ts";
import { type RigBlock, SAMPLES_PER_MS } from "../../rig/source.ts";

const SESSION = join(import.meta.dirname, "../fixtures/tiny-bundle/session");

async function play(seed: number, ms: number, blockMs = 10): Promise<RigBlock> {
  const session = await readSession(SESSION);
  if (session.kind !== "simulated") throw new Error("expected a simulated session");
  const source = playSimulated(session, seed);
  const blocks = Array.from({ length: ms / blockMs }, () => source.next(blockMs));
  return {
    spikeSamples: blocks.flatMap((block) => block.spikeSamples),
    spikeUnits: blocks.flatMap((block) => block.spikeUnits),
    events: blocks.flatMap((block) => block.events),
  };
}

test("the same seed plays the same, whatever the block; another seed does not", async () => {
  const [one, other] = [await play(3, 5_000), await play(4, 5_000)];
  expect(await play(3, 5_000, 50)).toEqual(one);
  expect(other.spikeSamples).not.toEqual(one.spikeSamples);
});

test("stimuli come on and go at exact samples, none twice in a row", async () => {
  const { events } = await play(1, 26_000);
  const { presentation } = await readSession(SESSION);
  const trial = presentation.onMs + presentation.offMs;
  const on = events.filter(({ state }) => state === 1);
  expect(on.map(({ sampleNum }) => sampleNum)).toEqual(
    on.map((_, index) => (presentation.offMs + index * trial) * SAMPLES_PER_MS),
  );
  const off = events.filter(({ state }) => state === 0);
  expect(off.map(({ text }) => text)).toEqual(off.map(() => "stimulus blank"));
  expect(off.map(({ sampleNum }) => sampleNum)).toEqual(
    off.map((_, index) => (presentation.offMs + index * trial + presentation.onMs) * SAMPLES_PER_MS),
  );
  for (const [index, event] of on.entries()) expect(event.text).not.toBe(on[index - 1]?.text);
  expect(new Set(on.map(({ text }) => text)).size).toBe(4);
});

test("before the first stimulus units fire at their baseline, and never within the refractory period", async () => {
  const session = await readSession(SESSION);
  if (session.kind !== "simulated") throw new Error("expected a simulated session");
  // A blank of 200 s: baseline alone, without drift, which would move the mean over 200 s.
  const population = { ...session.population, driftSd: 0 };
  const source = playSimulated({ ...session, population, presentation: { onMs: 900, offMs: 200_000 } }, 1);
  const { spikeSamples, spikeUnits } = source.next(200_000);
  for (const [unit, hz] of session.population.baselineHz.entries()) {
    const times = spikeSamples
      .filter((_, index) => spikeUnits[index] === unit)
      .map((s) => Math.floor(s / SAMPLES_PER_MS));
    const rate = times.length / 200;
    // Dead time costs about rate x 2 ms; the slow gain moves a mean over 200 s by about 1 %.
    expect(Math.abs(rate - hz)).toBeLessThan(4 * Math.sqrt(hz / 200) + 0.05 * hz);
    expect(Math.min(...times.slice(1).map((t, index) => t - (times[index] ?? 0)))).toBeGreaterThanOrEqual(2);
  }
});

test("a unit that has just responded responds less", async () => {
  const session = await readSession(SESSION);
  if (session.kind !== "simulated") throw new Error("expected a simulated session");
  const none = session.units.map(() => 0);
  const still = { baselineHz: none, factors: [], gainSd: 0, driftSd: 0, refractoryMs: 0, adaptationHz: 80 };
  const spikes = (adaptation: number, hz: number) => {
    const population = { ...session.population, ...still, adaptation: session.units.map(() => adaptation) };
    const drivenHz = new Float32Array(session.units.length).fill(hz);
    // One stimulus, again and again, for 26 s (20 times).
    const source = playSimulated({ ...session, stimuli: session.stimuli.slice(0, 1), population, drivenHz }, 5);
    return source.next(26_000).spikeUnits.length;
  };
  // The first of the 20 is not adapted: at half the reference rate half of the 40 % are lost, then all of them.
  expect(spikes(0.4, 40) / spikes(0, 40)).toBeCloseTo(1 - (0.2 * 19) / 20, 1);
  expect(spikes(0.4, 80) / spikes(0, 80)).toBeCloseTo(1 - (0.4 * 19) / 20, 1);
  expect(spikes(0.4, 160) / spikes(0, 160)).toBeCloseTo(1 - (0.4 * 19) / 20, 1);
});

test("the random order is fair", () => {
  const next = randomOrder(3, createRandom(5, 1));
  const counts = [0, 0, 0];
  for (let i = 0; i < 3_000; i++) counts[next()]!++;
  for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(120);
  expect(randomOrder(1, createRandom(5, 1))()).toBe(0);
});
