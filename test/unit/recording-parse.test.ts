import { describe, expect, test } from "vitest";
import { createColumns } from "../../adapters/recording/columns.ts";
import { openEphysBinary } from "../../adapters/recording/open-ephys-binary.ts";
import { recordingOptions } from "../../adapters/recording/options.ts";
import { parseNev } from "../../adapters/recording/parse-nev.ts";
import { parseNpy } from "../../adapters/recording/parse-npy.ts";
import { parseXdf } from "../../adapters/recording/parse-xdf.ts";
import type { SpikeRecording } from "../../adapters/recording/recording.ts";
import { mapUnits } from "../../adapters/recording/units.ts";
import { xdfRecording } from "../../adapters/recording/xdf-recording.ts";
import * as made from "./recording-bytes.ts";

const spikesOf = ({ segments, labels }: SpikeRecording) =>
  segments.map(({ times, units }) => Array.from(times, (time, i) => [time, labels[units[i]!]]));
const eventsOf = ({ segments }: SpikeRecording) =>
  segments.map(({ events }) => events.map((e) => [e.time, e.event, e.text]));

describe("NEV", () => {
  const labels = [
    [1, "chan1"],
    [7, "chan7"],
  ] as const;

  test.each(["2.1", "2.3", "3.0"] as const)(
    "spikes of %s have the time, electrode and unit of their packet",
    (version) => {
      const packets = [
        { tick: 300, electrode: 1, unit: 2 },
        { tick: 30_000, electrode: 7, unit: 0 },
        { tick: 15_000, electrode: 9, unit: 255 },
      ];
      const nev = parseNev(made.nevFile({ version, labels, packets }), "a.nev");
      expect(spikesOf(nev)).toEqual([
        [
          [0.01, "chan1.2"],
          [0.5, "elec9.255"],
          [1, "chan7.0"],
        ],
      ]);
      expect(nev.format).toBe(`nev ${version}`);
    },
  );

  test("digital words become changes of lines, serial bytes and comments texts", () => {
    const packets = [
      { tick: 0, word: 0b101 },
      { tick: 30, word: 0b001 },
      { tick: 60, word: 65, reason: 0x81 },
      { tick: 90, comment: "stimulus s3" },
    ];
    expect(eventsOf(parseNev(made.nevFile({ packets }), "a.nev"))).toEqual([
      [
        [0, "ttl", "line=0 state=1"],
        [0, "ttl", "line=2 state=1"],
        [0.001, "ttl", "line=2 state=0"],
        [0.002, "text", "serial 65"],
        [0.003, "text", "stimulus s3"],
      ],
    ]);
  });

  test("time stamps since 1970 in ns keep their nanoseconds: time counts from the first packet", () => {
    const first = 1_750_000_000_123_456_789n;
    const packets = [
      { tick: first, electrode: 1, unit: 1 },
      { tick: first + 20_000_001n, electrode: 1, unit: 1 },
    ];
    const nev = parseNev(made.nevFile({ version: "3.0", hz: 1_000_000_000, packets }), "a.nev");
    expect([...nev.segments[0]!.times]).toEqual([0, 0.020000001]);
  });

  test("a clock that is reset begins another segment", () => {
    const packets = [5, 6, 0.5, 1].map((s) => ({ tick: s * 30_000, electrode: 1, unit: 1 }));
    const nev = parseNev(made.nevFile({ packets }), "a.nev");
    expect(nev.segments.map(({ times }) => [...times])).toEqual([
      [5, 6],
      [0.5, 1],
    ]);
  });

  test("a cut last packet is noted, not an error", () => {
    const whole = made.nevFile({ packets: [1, 2].map((tick) => ({ tick, electrode: 1, unit: 1 })) });
    const nev = parseNev(whole.subarray(0, whole.length - 1), "a.nev");
    expect(nev.segments[0]!.times.length).toBe(1);
    expect(nev.notes).toEqual(["the last packet is cut: 103 of 104 bytes"]);
  });

  test.each([
    ["an empty file", new Uint8Array(), "a.nev, byte 0: NEV file: expected at least 336 bytes, got 0"],
    ["another file", new Uint8Array(400), "NEV file type"],
    ["too many extended headers", patched(332, 1_000_000), "extended headers"],
    ["packets before the headers", patched(12, 10), "start of the packets"],
    ["packets of no size", patched(16, 0), "bytes of a packet"],
    ["no clock", patched(20, 0), "resolution of time stamps"],
  ])("%s is refused with its place", (_, bytes, message) => {
    expect(() => parseNev(bytes, "a.nev")).toThrow(expect.objectContaining({ code: "RECORDING_INVALID" }));
    expect(() => parseNev(bytes, "a.nev")).toThrow(message);
  });

  function patched(at: number, value: number): Uint8Array {
    const bytes = made.nevFile({ packets: [{ tick: 1, electrode: 1, unit: 1 }] });
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).writeUInt32LE(value, at);
    return bytes;
  }
});

describe("XDF", () => {
  const numeric = {
    name: "counts",
    type: "SpikeCounts",
    channels: 2,
    rateHz: 10,
    format: "int16",
    labels: ["a.1", "b.2"],
  };
  const options = recordingOptions.parse({}).xdf;

  test("samples without a time stamp follow at the nominal rate; lengths of 1, 4 and 8 bytes", () => {
    const samples = [{ time: 5, values: [1, 0] }, { values: [0, 2] }, { values: [0, 0] }];
    for (const size of [1, 4, 8] as const) {
      const chunk = made.xdfSamples(1, samples, made.xdfInt16, size);
      const { streams } = parseXdf(made.xdfFile(made.xdfHeader(1, made.xdfXml(numeric)), chunk), "a.xdf");
      expect(streams[0]!.times).toEqual([5, 5.1, 5.199999999999999]);
      expect(streams[0]!.values).toEqual([1, 0, 0, 2, 0, 0]);
    }
  });

  test("every numeric format is read", () => {
    const values = {
      int8: [["u8", 255] as const],
      int16: [["i16", -2] as const],
      int32: [["u32", 0xffff_fffd] as const],
      int64: [["u64", 0xffff_ffff_ffff_fffcn] as const],
      float32: [["f32", 0.5] as const],
      double64: [["f64", 0.1] as const],
    };
    const read = Object.entries(values).map(([format, fields]) => {
      const header = made.xdfHeader(1, made.xdfXml({ ...numeric, channels: 1, format }));
      const chunk = made.xdfSamples(1, [{ time: 0, values: [0] }], () => fields);
      return parseXdf(made.xdfFile(header, chunk), "a.xdf").streams[0]!.values[0];
    });
    expect(read).toEqual([-1, -2, -3, -4, 0.5, 0.1]);
  });

  test("clock offsets are applied as a line; a reset of the clock begins another one", () => {
    const header = made.xdfHeader(1, made.xdfXml({ ...numeric, channels: 1 }));
    const at = (time: number) => ({ time, values: [0] });
    const samples = made.xdfSamples(1, [at(0), at(50), at(100), at(105)], made.xdfInt16);
    const drift = [made.xdfOffset(1, 0, 1), made.xdfOffset(1, 100, 1.5)];
    const reset = [made.xdfOffset(1, 101, 900), made.xdfOffset(1, 110, 900)];
    const { streams } = parseXdf(made.xdfFile(header, samples, ...drift, ...reset), "a.xdf");
    expect(streams[0]!.times).toEqual([1, 51.25, 101.5, 1005]);
  });

  test("SpikeEvents become spikes, strings text events, other streams are left alone", () => {
    const xml = made.xdfXml({ name: "nds", type: "SpikeEvents", channels: 4, rateHz: 0, format: "int16" });
    const markers = made.xdfXml({ name: "m", type: "Markers", channels: 1, rateHz: 0, format: "string" });
    const file = made.xdfFile(
      made.xdfHeader(1, xml),
      made.xdfHeader(2, markers),
      made.xdfHeader(3, made.xdfXml({ ...numeric, type: "EEG" })),
      made.xdfSamples(
        1,
        [
          { time: 1.5, values: [12, 1, -40, 3] },
          { time: 1, values: [3, 0, 0, 0] },
        ],
        made.xdfInt16,
      ),
      made.xdfSamples(2, [{ time: 1.25, values: ["stimulus s\u00e9"] }], made.xdfText),
      made.xdfSamples(3, [{ time: 1.25, values: [900, -900] }], made.xdfInt16),
    );
    const recording = xdfRecording(file, "a.xdf", options);
    expect(spikesOf(recording)).toEqual([
      [
        [1, "3.0"],
        [1.5, "12.1"],
      ],
    ]);
    expect(eventsOf(recording)).toEqual([[[1.25, "text", "stimulus s\u00e9"]]]);
  });

  test("a stream of counts is played as spikes in the middle of each interval", () => {
    const samples = made.xdfSamples(
      1,
      [
        { time: 2, values: [2, 0] },
        { time: 2.1, values: [0, 1] },
      ],
      made.xdfInt16,
    );
    const file = made.xdfFile(made.xdfHeader(1, made.xdfXml(numeric)), samples);
    const recording = xdfRecording(file, "a.xdf", { stream: "counts" });
    expect(spikesOf(recording)[0]).toEqual([
      [1.95, "a.1"],
      [1.95, "a.1"],
      [2.0500000000000003, "b.2"],
    ]);
    expect(() => xdfRecording(file, "a.xdf", {})).toThrow(/expected one of type SpikeEvents.*counts \(SpikeCounts/);
  });

  test("a cut last chunk is noted; everything before it is read", () => {
    const header = made.xdfHeader(1, made.xdfXml(numeric));
    const chunk = made.xdfSamples(1, [{ time: 5, values: [1, 0] }], made.xdfInt16);
    const whole = made.xdfFile(header, chunk, chunk);
    for (let cut = 1; cut < chunk.length; cut++) {
      const { streams, notes } = parseXdf(whole.subarray(0, whole.length - cut), "a.xdf");
      expect(streams[0]!.times).toEqual([5]);
      expect(notes).toEqual([`the last chunk, at byte ${whole.length - chunk.length}, is cut`]);
    }
  });

  test.each([
    ["another file", Buffer.from("XDFZ"), "byte 0: XDF file type"],
    ["samples of a stream without a header", made.xdfFile(made.xdfOffset(7, 0, 0)), "one whose header came before"],
    [
      "more samples than bytes",
      made.xdfFile(
        made.xdfHeader(1, made.xdfXml(numeric)),
        made.xdfChunk(3, made.bytesOf(["u32", 1], ["u8", 4], ["u32", 1e9])),
      ),
      "samples of a chunk",
    ],
    [
      "an unknown format",
      made.xdfFile(made.xdfHeader(1, made.xdfXml({ ...numeric, format: "float16" }))),
      "channel_format",
    ],
  ])("%s is refused with its place", (_, bytes, message) => {
    expect(() => parseXdf(bytes, "a.xdf")).toThrow(expect.objectContaining({ code: "RECORDING_INVALID" }));
    expect(() => parseXdf(bytes, "a.xdf")).toThrow(message);
  });
});

describe("Open Ephys binary", () => {
  const npy = {
    samples: made.npyFile("<i8", [3], made.int64s([30_000, 60_000, 45_000])),
    electrodes: made.npyFile("<u2", [3], made.uint16s([2, 1, 1])),
    clusters: made.npyFile("<u2", [3], made.uint16s([0, 3, 1])),
    states: made.npyFile("<i2", [2], made.int16s([3, -3])),
    stateSamples: made.npyFile("<i8", [2], made.int64s([33_000, 36_000])),
    text: made.npyFile("|S16", [1], made.bytesOf(["text", "stimulus s1", 16])),
    textSamples: made.npyFile("<i8", [1], made.int64s([31_500])),
  };
  const old = {
    "structure.oebin": json({
      "GUI version": "0.4.4.1",
      spikes: [
        { folder_name: "V-1.0/g/", sample_rate: 30_000, channels: [{ channel_name: "TT0" }, { channel_name: "TT1" }] },
      ],
      events: [
        { folder_name: "R-1.0/TTL_1/", sample_rate: 30_000 },
        { folder_name: "M-904.0/TEXT_group_1/", sample_rate: 30_000 },
      ],
    }),
    "spikes/V-1.0/g/spike_times.npy": npy.samples,
    "spikes/V-1.0/g/spike_electrode_indices.npy": npy.electrodes,
    "spikes/V-1.0/g/spike_clusters.npy": npy.clusters,
    "events/R-1.0/TTL_1/channel_states.npy": npy.states,
    "events/R-1.0/TTL_1/timestamps.npy": npy.stateSamples,
    "events/M-904.0/TEXT_group_1/text.npy": npy.text,
    "events/M-904.0/TEXT_group_1/timestamps.npy": npy.textSamples,
  };
  const current = {
    "structure.oebin": json({
      "GUI version": "0.6.7",
      spikes: [{ folder: "N-100.s/Tetrode_1", name: "Tetrode 1", sample_rate: 30_000, source_channels: [] }],
      events: [
        { folder_name: "N-100.s/TTL/", sample_rate: 30_000 },
        { folder_name: "MessageCenter/", sample_rate: 30_000 },
      ],
    }),
    "spikes/N-100.s/Tetrode_1/sample_numbers.npy": npy.samples,
    "spikes/N-100.s/Tetrode_1/electrode_indices.npy": npy.electrodes,
    "spikes/N-100.s/Tetrode_1/clusters.npy": npy.clusters,
    "events/N-100.s/TTL/states.npy": npy.states,
    "events/N-100.s/TTL/sample_numbers.npy": npy.stateSamples,
    "events/MessageCenter/text.npy": npy.text,
    "events/MessageCenter/sample_numbers.npy": npy.textSamples,
  };
  const read = (files: Record<string, Uint8Array>, options = {}) =>
    openEphysBinary((path) => files[path] ?? null, "rec", options);

  test("the layout of 0.4: one group, electrodes by index", () => {
    expect(spikesOf(read(old))).toEqual([
      [
        [1, "TT1.0"],
        [1.5, "TT0.1"],
        [2, "TT0.3"],
      ],
    ]);
  });

  test("the layout of 0.6 and later: a folder for each electrode", () => {
    expect(spikesOf(read(current))[0]!.map(([, label]) => label)).toEqual([
      "Tetrode 1.0",
      "Tetrode 1.1",
      "Tetrode 1.3",
    ]);
  });

  test.each([
    ["0.4", old],
    ["0.6", current],
  ])("TTL and text events of %s, by sample number", (_, files) => {
    expect(eventsOf(read(files))).toEqual([
      [
        [1.05, "text", "stimulus s1"],
        [1.1, "ttl", "line=2 state=1"],
        [1.2, "ttl", "line=2 state=0"],
      ],
    ]);
  });

  test("a stream that is not there, arrays of other lengths, paths that leave the folder: refused", () => {
    const short = { ...old, "spikes/V-1.0/g/spike_clusters.npy": made.npyFile("<u2", [1], made.uint16s([1])) };
    const outside = { "structure.oebin": json({ spikes: [{ folder_name: "../../etc", sample_rate: 1 }] }) };
    expect(() => read(old, { stream: "Q-9" })).toThrow(/expected Q-9, got "V-1.0\/g"/);
    expect(() => read(short)).toThrow(/spike_clusters.npy, its header: length: expected 3, got 1/);
    expect(() => read(outside)).toThrow(expect.objectContaining({ code: "RECORDING_INVALID" }));
    expect(() => read({})).toThrow(/structure.oebin/);
  });

  test(".npy: pickled and structured arrays are refused", () => {
    for (const descr of ["|O", "|V8", "<c16"])
      expect(() => parseNpy(made.npyFile(descr, [1], new Uint8Array(16)), "a.npy")).toThrow(/RECORDING_INVALID/);
    const big = made.npyFile("<i8", [1_000_000_000], new Uint8Array(8));
    expect(() => parseNpy(big, "a.npy")).toThrow(/bytes of the array/);
  });

  function json(value: unknown): Uint8Array {
    return Buffer.from(JSON.stringify(value));
  }
});

test("spikes are put in order of time; those of one time keep their order", () => {
  const columns = createColumns(2);
  const spikes = Array.from({ length: 1_000 }, (_, i) => [(i * 7919) % 100, i] as const);
  for (const [time, unit] of spikes) columns.push(time, unit);
  const { times, units } = columns.sorted();
  const wanted = spikes.toSorted((a, b) => a[0] - b[0]);
  expect([...times]).toEqual(wanted.map(([time]) => time));
  expect([...units]).toEqual(wanted.map(([, unit]) => unit));
});

test("units are mapped by their label, then by their electrode, else they keep their name", () => {
  const map = { "chan1.2": "E009.1", chan1: "E001", chan7: "E002" };
  const bundle = ["E001.1", "E002.1", "E009.1", "x.1"];
  const recorded = ["chan1.1", "chan1.2", "chan7.1", "chan7.2", "x.1", "toString.1"];
  expect([...mapUnits(recorded, bundle, map)]).toEqual([0, 2, 1, -1, 3, -1]);
});
