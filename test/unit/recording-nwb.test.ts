import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readNwb } from "../../adapters/recording/nwb.ts";
import type { SpikeRecording } from "../../adapters/recording/recording.ts";

type H5 = typeof import("h5wasm/node");
type H5File = InstanceType<H5["File"]>;

let h5: H5;
let folder: string;
beforeAll(async () => {
  h5 = await import("h5wasm/node");
  await h5.ready;
  folder = mkdtempSync(join(tmpdir(), "phosphene-nwb-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes a file with `fill` and reads it. */
async function readMade(name: string, fill: (file: H5File) => void, options = {}): Promise<SpikeRecording> {
  const path = join(folder, name);
  const file = new h5.File(path, "w");
  file.create_attribute("nwb_version", "2.6.0");
  fill(file);
  file.close();
  return readNwb(path, options);
}

const spikesOf = ({ segments, labels }: SpikeRecording) =>
  segments.flatMap(({ times, units }) => Array.from(times, (time, i) => [time, labels[units[i]!]]));
const textsOf = ({ segments }: SpikeRecording) => segments.flatMap(({ events }) => events.map((e) => [e.time, e.text]));

function addUnits(file: H5File, electrodes = true): void {
  const units = file.create_group("units");
  units.create_dataset({ name: "spike_times", data: Float64Array.of(0.1, 0.4, 0.2, 0.3) });
  units.create_dataset({ name: "spike_times_index", data: Uint8Array.of(2, 2, 4) });
  units.create_dataset({ name: "id", data: Int32Array.of(10, 11, 12) });
  if (!electrodes) return;
  units.create_dataset({ name: "electrodes", data: Int32Array.of(1, 0) });
  units.create_dataset({ name: "electrodes_index", data: Uint8Array.of(1, 1, 2) });
  file.create_group("general").create_group("extracellular_ephys").create_group("electrodes");
  const table = file.get("general/extracellular_ephys/electrodes") as InstanceType<H5["Group"]>;
  table.create_dataset({ name: "label", data: ["shank0elec0", "shank0elec1"] });
}

describe("NWB", () => {
  test("spikes of all units, merged in order; labels from the electrodes and ids of the tables", async () => {
    expect(spikesOf(await readMade("units.nwb", addUnits))).toEqual([
      [0.1, "shank0elec1.10"],
      [0.2, "shank0elec0.12"],
      [0.3, "shank0elec0.12"],
      [0.4, "shank0elec1.10"],
    ]);
  });

  test("without electrodes a unit is called by its id", async () => {
    const { labels } = await readMade("plain.nwb", (file) => addUnits(file, false));
    expect(labels).toEqual(["unit.10", "unit.11", "unit.12"]);
  });

  test("trials become events: their stimulus, or their start and stop", async () => {
    const fill = (file: H5File) => {
      addUnits(file);
      const intervals = file.create_group("intervals");
      const shown = intervals.create_group("natural_images_presentations");
      shown.create_dataset({ name: "start_time", data: Float64Array.of(1, 1.25, 2) });
      shown.create_dataset({ name: "stop_time", data: Float64Array.of(1.25, 1.5, 2.25) });
      shown.create_dataset({ name: "stimulus_name", data: ["a", "a cat", "b"] });
      const trials = intervals.create_group("trials");
      trials.create_dataset({ name: "start_time", data: Float64Array.of(0.5) });
      trials.create_dataset({ name: "stop_time", data: Float64Array.of(3) });
    };
    expect(textsOf(await readMade("trials.nwb", fill))).toEqual([
      [0.5, "trials 0 start"],
      [1, "stimulus a"],
      [1.25, "stimulus a_cat"],
      [1.5, "stimulus blank"],
      [2, "stimulus b"],
      [2.25, "stimulus blank"],
      [3, "trials 0 stop"],
    ]);
  });

  test("an IndexSeries says which picture came on", async () => {
    const fill = (file: H5File) => {
      addUnits(file);
      const series = file.create_group("stimulus").create_group("presentation").create_group("images");
      series.create_attribute("neurodata_type", "IndexSeries");
      series.create_dataset({ name: "data", data: Int32Array.of(4, 2) });
      series.create_dataset({ name: "timestamps", data: Float64Array.of(0.5, 1) });
    };
    expect(textsOf(await readMade("index.nwb", fill))).toEqual([
      [0.5, "stimulus 4"],
      [1, "stimulus 2"],
    ]);
  });

  test.each([
    ["no units", () => {}, "table of units"],
    [
      "an index that runs past the spikes",
      (file: H5File) => {
        const units = file.create_group("units");
        units.create_dataset({ name: "spike_times", data: Float64Array.of(1) });
        units.create_dataset({ name: "spike_times_index", data: Uint8Array.of(2) });
      },
      "end of unit 0: expected 0 to 1, got 2",
    ],
  ])("%s is refused", async (name, fill, message) => {
    await expect(readMade(`${name}.nwb`, fill)).rejects.toThrow(message);
  });

  test("what is no HDF5 is refused, and so is one that is cut", async () => {
    const broken = join(folder, "broken.nwb");
    writeFileSync(broken, "\x89HDF\r\n\x1a\n and no more");
    await expect(readNwb(broken, {})).rejects.toMatchObject({ code: "RECORDING_INVALID" });
  });
});
