import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadRecording, playTrials } from "../../rig/recording.ts";

const units = [
  { electrode: "a", sortedId: 1 },
  { electrode: "b", sortedId: 1 },
];
const conditions = ["face-upper", "kiwi-upper"];
const trials = [
  new Map([
    ["face-upper", [Uint16Array.of(0, 999), Uint16Array.of(0, 500)]],
    ["kiwi-upper", [Uint16Array.of(100)]],
  ]),
  new Map([["kiwi-upper", [Uint16Array.of(200)]]]),
];

test("a trial lasts 1 s; its stimulus comes on in the middle and goes at its end", () => {
  const source = playTrials("r", units, conditions, trials, 1);
  const { events } = source.next(3_000);
  expect(events.map(({ sampleNum, state }) => [sampleNum, state])).toEqual([
    [15_000, 1],
    [30_000, 0],
    [45_000, 1],
    [60_000, 0],
    [75_000, 1],
  ]);
  const shown = events.filter(({ state }) => state === 1).map(({ text }) => text);
  expect(new Set(shown)).toEqual(new Set(["stimulus face-upper", "stimulus kiwi-upper"]));
});

test("each unit plays a whole held-out trial of the condition, or nothing when it has none", () => {
  const source = playTrials("r", units, conditions, trials, 1);
  for (let second = 0; second < 40; second++) {
    const { spikeSamples, spikeUnits, events } = source.next(1_000);
    const ms = spikeSamples.map((sample) => Math.floor(sample / 30) - 1_000 * second);
    const face = events.some(({ text }) => text === "stimulus face-upper");
    if (face)
      expect([
        [0, 999],
        [0, 500],
      ]).toContainEqual(ms);
    else
      expect([ms, spikeUnits]).toEqual([
        [100, 200],
        [0, 1],
      ]);
  }
});

test("a folder without recordings, and one with a broken file, are refused", async () => {
  const folder = await mkdtemp(join(tmpdir(), "phosphene-recording-"));
  await expect(loadRecording(folder, 1)).rejects.toThrow(/RECORDING_INVALID.*_raster_data\.mat, found none/);
  await writeFile(join(folder, "a_raster_data.mat"), "not MATLAB");
  await expect(loadRecording(folder, 1)).rejects.toThrow(/RECORDING_INVALID.*a_raster_data\.mat/);
  await rm(folder, { recursive: true });
});
