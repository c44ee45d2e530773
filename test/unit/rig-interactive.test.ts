import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadEncoder } from "../../rig/encoder.ts";
import { playInteractive } from "../../rig/interactive.ts";
import { LiveResponses } from "../../rig/live-responses.ts";
import { planesOf } from "../../rig/picture.ts";
import { readSession } from "../../rig/session.ts";
import type { SimulatedSession } from "../../rig/session-schema.ts";
import { playSimulated } from "../../rig/simulated.ts";
import { type RigEvent, SAMPLES_PER_MS } from "../../rig/source.ts";

const SESSION = join(import.meta.dirname, "../fixtures/tiny-bundle/session");

async function simulated(): Promise<SimulatedSession> {
  const session = await readSession(SESSION);
  if (session.kind !== "simulated") throw new Error("expected a simulated session");
  return session;
}

const ratesOf = ({ drivenHz, units }: SimulatedSession, stimulus: number) =>
  drivenHz.subarray(stimulus * units.length, (stimulus + 1) * units.length);

const at = ({ sampleNum, text }: RigEvent) => [sampleNum / SAMPLES_PER_MS, text];

interface Golden {
  cases: { stimulus: number; previous: number; beforePrevious: number; unit: number; tauMs: number; rateHz: number }[];
}

test("pictures of a session's own lengths drive the rates that the trainer computed", async () => {
  const session = await simulated();
  const { onMs, offMs } = session.presentation;
  const { cases }: Golden = JSON.parse(readFileSync(join(SESSION, "golden.json"), "utf8"));
  for (const { stimulus, previous, beforePrevious, unit, tauMs, rateHz } of cases) {
    // Rates are told at the middle of a millisecond: half of one makes no difference that counts, but where the response begins or ends.
    const responses = new LiveResponses(session.population);
    [beforePrevious, previous, stimulus].forEach((shown, i) => {
      const onset = i * (onMs + offMs);
      responses.show(onset, ratesOf(session, shown));
      if (2 * (onMs + offMs) + tauMs >= onset + onMs) responses.blank(onset + onMs);
    });
    const now = 2 * (onMs + offMs) + Math.floor(tauMs);
    const around = [now - 1, now, now + 1].map((ms) => responses.rates(ms)(unit));
    expect(rateHz).toBeGreaterThan(Math.min(...around) - 1);
    expect(rateHz).toBeLessThan(Math.max(...around) + 1);
  }
});

test("until a picture is given it plays what the session plays", async () => {
  const session = await simulated();
  const [live, played] = [playInteractive(session, 3, 1_000), playSimulated(session, 3)];
  for (let block = 0; block < 400; block++) expect(live.next(10)).toEqual(played.next(10));
});

test("a picture comes on with the next block, stays until the next one or its time is up, then the session goes on", async () => {
  const session = await simulated();
  const { onMs, offMs } = session.presentation;
  const source = playInteractive(session, 1, 200);
  source.next(10);
  expect(source.show({ id: "live-0", drivenHz: ratesOf(session, 0) })).toBe(true);
  expect(source.show({ id: "live-1", drivenHz: ratesOf(session, 1) })).toBe(true);
  const events = Array.from({ length: 200 }, () => source.next(10)).flatMap((block) => block.events);
  expect(events.slice(0, 3).map(at)).toEqual([
    [10, "stimulus live-0"],
    [20, "stimulus live-1"],
    [220, "stimulus blank"],
  ]);
  const ids = session.stimuli.map(({ id }) => `stimulus ${id}`);
  expect(ids).toContain(events[3]?.text);
  expect(events[3]?.sampleNum).toBe((220 + offMs) * SAMPLES_PER_MS);
  expect(events[4] && at(events[4])).toEqual([220 + offMs + onMs, "stimulus blank"]);
});

test("pictures that come faster than the screen refreshes are refused", async () => {
  const session = await simulated();
  const source = playInteractive(session, 1, 200);
  const shown = Array.from({ length: 6 }, (_, i) => source.show({ id: `live-${i}`, drivenHz: ratesOf(session, 0) }));
  expect(shown).toEqual([true, true, true, true, false, false]);
});

test("cells fire for a picture what it drives them to, from their latency on", async () => {
  const session = await simulated();
  const count = session.units.length;
  const source = playInteractive(session, 7, 60_000);
  const driven = new Float32Array(count).fill(60);
  source.next(300);
  source.show({ id: "live-0", drivenHz: driven });
  const spikes = (ms: number) => source.next(ms).spikeUnits.length / count / (ms / 1_000);
  const before = spikes(Math.floor(Math.min(...session.population.latencyMs)));
  source.next(400);
  const during = spikes(10_000);
  const baseline = session.population.baselineHz.reduce((sum, hz) => sum + hz, 0) / count;
  expect(before).toBeLessThan(baseline + 15);
  // Dead time and gains take and give some percent.
  expect(during).toBeGreaterThan(0.8 * (baseline + 60));
  expect(during).toBeLessThan(1.25 * (baseline + 60));
});

test("a picture is scaled by area, and lies in planes from -1 to 1", () => {
  const rows = [0, 255, 255, 0].flatMap((value) => [value, 0, 255]);
  const picture = { width: 2, height: 2, image: Uint8Array.from(rows) };
  expect([...planesOf(picture, 2, 2).subarray(0, 4)]).toEqual([-1, 1, 1, -1]);
  expect([...planesOf(picture, 1, 1)].map((v) => Math.round(v * 1e6) / 1e6)).toEqual([0, -1, 1]);
  expect([...planesOf(picture, 4, 2).subarray(0, 4)]).toEqual([-1, -1, 1, 1]);
});

test("the encoding model answers pictures of any size with one rate per unit", async () => {
  const session = await simulated();
  const encode = await loadEncoder(SESSION, session);
  const flat = (side: number, value: number) => ({
    width: side,
    height: side,
    image: new Uint8Array(3 * side * side).fill(value),
  });
  const [dark, light, large] = [await encode(flat(16, 0)), await encode(flat(16, 255)), await encode(flat(100, 255))];
  expect(dark.length).toBe(session.units.length);
  expect(dark).not.toEqual(light);
  for (const [unit, hz] of large.entries()) expect(hz).toBeCloseTo(light[unit] ?? Number.NaN, 3);
});
