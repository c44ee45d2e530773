import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { loadRecording } from "../../adapters/recording/load.ts";
import { recordingOptions } from "../../adapters/recording/options.ts";
import { parseXdf } from "../../adapters/recording/parse-xdf.ts";
import { countSpikes, type SpikeRecording } from "../../adapters/recording/recording.ts";

// Small files of the vendors (NeuralEnsemble ephy_testing_data, xdf example files): not part of the repository.
const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = process.env.PHOSPHENE_RECORDINGS ?? resolve(root, "../shared/data/recordings");
const there = existsSync(folder);
if (!there)
  process.stderr.write(`SKIPPED: no vendors' recordings in ${folder}; set PHOSPHENE_RECORDINGS to their folder\n`);

async function load(name: string, options = {}): Promise<SpikeRecording> {
  const loaded = await loadRecording(recordingOptions.parse({ path: join(folder, name), ...options }));
  if (loaded.kind !== "spikes") throw new Error("expected a vendor's recording");
  return loaded;
}

describe.skipIf(!there)("recordings of the vendors, to the exact spike", () => {
  test("Blackrock NEV 2.3: 964 spikes in 4 channels", async () => {
    const nev = await load("FileSpec2.3001.nev");
    expect(countSpikes(nev)).toBe(964);
    expect(nev.labels.toSorted()).toEqual(["chan1.0", "chan3.0", "chan5.0", "chan7.0"]);
    expect(nev.segments.length).toBe(1);
    expect(nev.notes).toEqual([]);
  });

  test("Open Ephys binary 0.4: 3,379 spikes of 8 tetrodes", async () => {
    const binary = await load("openephys_binary_with_spikes");
    expect(countSpikes(binary)).toBe(3_379);
    expect(binary.labels.length).toBe(8);
    expect(binary.segments[0]!.times[0]).toBeCloseTo(326_315_052 / 30_000, 9);
  });

  test("NWB 2.5: 195 spike times of 10 units", async () => {
    const nwb = await load("ecephys_tutorial_v2.5.0.nwb");
    expect(countSpikes(nwb)).toBe(195);
    expect(nwb.labels.length).toBe(10);
    const { times } = nwb.segments[0]!;
    expect([...times]).toEqual([...times].toSorted((a, b) => a - b));
  });

  test("XDF: two streams, 9 samples each, one of them corrected by its clock offsets", async () => {
    const path = join(folder, "minimal.xdf");
    const { streams, notes } = parseXdf(readFileSync(path), path);
    expect(notes).toEqual([]);
    expect(streams.map(({ id, header, times }) => [id, header.name, header.format, times.length])).toEqual([
      [0, "SendDataC", "int16", 9],
      [0x02c0_ffee, "SendDataString", "string", 9],
    ]);
    const stamps = Array.from({ length: 9 }, (_, i) => 5.1 + i / 10);
    streams[0]!.times.forEach((time, i) => void expect(time).toBeCloseTo(stamps[i]! - 0.1, 9));
    streams[1]!.times.forEach((time, i) => void expect(time).toBeCloseTo(stamps[i]!, 9));
    expect(streams[0]!.values.slice(0, 6)).toEqual([192, 255, 238, 12, 22, 32]);
    expect(streams[1]!.texts.slice(1)).toEqual(["Hello", "World", "from", "LSL", "Hello", "World", "from", "LSL"]);
    const asCounts = await load("minimal.xdf", { xdf: { stream: "SendDataC" } });
    expect(countSpikes(asCounts)).toBe(streams[0]!.values.reduce((sum, count) => sum + count, 0));
  });
});
