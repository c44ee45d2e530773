import { beforeEach, describe, expect, test } from "vitest";
import { createEncoder, type Encoder } from "../../adapters/open-ephys/encode.ts";
import { createIntake } from "../../adapters/open-ephys/intake.ts";
import type { Intake } from "../../adapters/zeromq/subscribe.ts";
import { spikeWaveform } from "../../rig/signals.ts";
import { emptyCounters, type SourceCounters, type SourceMessage } from "../../src/signal/types.ts";

let out: SourceMessage[];
let counters: SourceCounters;
let encoder: Encoder;

let said: { level: string; message: string; fields: Record<string, unknown> | undefined }[];

function makeIntake(options: Partial<Parameters<typeof createIntake>[0]> = {}, unitLabels = ["E1.1", "E2.1"]): Intake {
  const log = (level: string, message: string, fields?: Record<string, unknown>) =>
    void said.push({ level, message, fields });
  const context = { source: "rig", unitLabels, counters, now: () => 42, log };
  return createIntake({ sampleRateHz: 30_000, continuous: false, electrodes: {}, ...options }, context, (message) =>
    out.push(message),
  );
}
beforeEach(() => {
  out = [];
  said = [];
  counters = emptyCounters();
  encoder = newEncoder();
});
const newEncoder = () => createEncoder({ stream: "s", sourceNode: 1, wallClockMs: () => 0 });
const spike = (sampleNum: number, electrode = "E1", sortedId = 1) =>
  encoder.spike({ electrode, sampleNum, sortedId, threshold: [-1], waveform: new Float32Array(1) });
const data = (sampleNum: number, sampleRateHz = 30_000) =>
  encoder.data({ channel: 0, channelName: "CH1", sampleNum, sampleRateHz, samples: new Float32Array(300) });

test("spikes of one flush are one block, in seconds; events and the clock follow", () => {
  const intake = makeIntake();
  for (const frames of [spike(30_000), encoder.text(30_001, "stimulus a"), spike(45_000, "E2"), data(60_000)]) {
    intake.push(frames);
  }
  intake.flush();
  expect(out).toEqual([
    {
      kind: "spikes",
      source: "rig",
      seq: 0,
      times: Float64Array.of(1, 1.5),
      units: Uint16Array.of(0, 1),
      receivedAtMs: 42,
    },
    { kind: "event", source: "rig", time: 30_001 / 30_000, event: "text", text: "stimulus a", receivedAtMs: 42 },
    { kind: "clock", source: "rig", time: 2.01, receivedAtMs: 42 },
  ]);
  intake.flush();
  expect(out.length).toBe(3);
});

test("blocks own their arrays", () => {
  const intake = makeIntake();
  intake.push(spike(30_000));
  intake.flush();
  intake.push(spike(60_000));
  intake.flush();
  expect(out.map((block) => block.kind === "spikes" && [block.seq, block.times[0]])).toEqual([
    [0, 1],
    [1, 2],
  ]);
});

test("units that the bundle does not know are counted; electrodes can be renamed", () => {
  const intake = makeIntake({ electrodes: { "Electrode 1": "E2" } });
  intake.push(spike(1, "Electrode 1"));
  intake.push(spike(2, "E3"));
  intake.push(spike(3, "E1", 0));
  intake.flush();
  expect(out).toMatchObject([{ kind: "spikes", units: Uint16Array.of(1) }]);
  expect(counters).toMatchObject({ spikes: 1, unknownUnits: 2, messages: 3 });
});

describe("gaps of message_num", () => {
  const withGap = () => {
    const first = spike(1);
    for (let skipped = 0; skipped < 7; skipped++) spike(2);
    return [first, spike(3)];
  };
  test("are losses when we subscribe to everything", () => {
    const intake = makeIntake({ continuous: true });
    for (const frames of withGap()) intake.push(frames);
    expect(counters.missed).toBe(7);
  });
  test("are no losses when we asked for events only", () => {
    const intake = makeIntake();
    for (const frames of withGap()) intake.push(frames);
    expect(counters).toMatchObject({ missed: 0, restarts: 0, spikes: 2 });
  });
  test("before the first message are no losses", () => {
    spike(0);
    const intake = makeIntake({ continuous: true });
    intake.push(spike(1));
    expect(counters.missed).toBe(0);
  });
});

describe("restart", () => {
  test("message_num starts again: a restart, no loss, and it comes between the spikes", () => {
    const intake = makeIntake({ continuous: true });
    for (let i = 0; i < 5; i++) intake.push(spike(1_000 + i));
    encoder = newEncoder();
    intake.push(spike(20));
    intake.flush();
    expect(out.map(({ kind }) => kind)).toEqual(["spikes", "restart", "spikes"]);
    expect(counters).toMatchObject({ restarts: 1, missed: 0, duplicates: 0, spikes: 6 });
  });
  test("sample_num far back", () => {
    const intake = makeIntake();
    intake.push(spike(100_000));
    intake.push(spike(60_000));
    intake.push(spike(60_100));
    expect(counters.restarts).toBe(1);
  });
  test("a spike a little before the block's last one is none", () => {
    const intake = makeIntake();
    intake.push(spike(100_000));
    intake.push(spike(99_400));
    expect(counters.restarts).toBe(0);
  });
  test("the same numbers again after the connection was lost", () => {
    const intake = makeIntake();
    intake.push(spike(5));
    intake.reconnecting();
    encoder = newEncoder();
    intake.push(spike(5));
    expect(counters).toMatchObject({ restarts: 1, duplicates: 0, spikes: 2 });
  });
  test("after the connection was lost, 50 ms back are enough: a short acquisition restarted too", () => {
    const intake = makeIntake();
    intake.push(spike(9_000));
    intake.reconnecting();
    intake.push(spike(8_000));
    expect(counters.restarts).toBe(0);
    intake.reconnecting();
    intake.push(spike(600));
    expect(counters.restarts).toBe(1);
  });
  test("the counter's wrap at 2^31 is none, and no loss", () => {
    const intake = makeIntake({ continuous: true });
    const numbered = (num: number) => {
      const [envelope, header, payload] = spike(9);
      const text = header.toString().replace(/"message_num": \d+/, `"message_num": ${num}`);
      return [envelope, Buffer.from(text), payload];
    };
    intake.push(numbered(2_147_483_647));
    intake.push(numbered(-2_147_483_648));
    expect(counters).toMatchObject({ restarts: 0, missed: 0, spikes: 2 });
  });
});

test("a message that comes twice is counted and skipped", () => {
  const intake = makeIntake({ continuous: true });
  const [first, second] = [spike(1), spike(2)];
  for (const frames of [first, second, second, first]) intake.push(frames);
  expect(counters).toMatchObject({ duplicates: 2, spikes: 2, missed: 0, restarts: 0 });
});

test("data headers give the sample rate; spikes on another scale before it mean a restart", () => {
  const intake = makeIntake({ continuous: true });
  intake.push(data(0, 40_000));
  intake.push(spike(40_000));
  intake.flush();
  expect(out[0]).toMatchObject({ times: Float64Array.of(1) });
  expect(counters.restarts).toBe(0);
  intake.push(data(40_000, 20_000));
  expect(counters.restarts).toBe(1);
});

describe("several streams", () => {
  const other = () => createEncoder({ stream: "NI-DAQmx", sourceNode: 2, wallClockMs: () => 0 });
  const otherSpike = (encoding: Encoder, sampleNum: number) =>
    encoding.spike({ electrode: "E1", sampleNum, sortedId: 1, threshold: [-1], waveform: new Float32Array(1) });
  const renumber = (frames: ReturnType<typeof spike>, num: number) => {
    const header = frames[1].toString().replace(/"message_num": \d+/, `"message_num": ${num}`);
    return [frames[0], Buffer.from(header), frames[2]];
  };

  test("the first one is taken; another counts on another clock: counted as ignored, in the same sequence, and said once", () => {
    const intake = makeIntake({ continuous: true });
    const stranger = other();
    intake.push(renumber(spike(100_000), 0));
    for (let num = 1; num < 4; num++) intake.push(renumber(otherSpike(stranger, num), num));
    intake.push(renumber(spike(100_100), 4));
    expect(counters).toMatchObject({ messages: 5, spikes: 2, ignored: 3, missed: 0, restarts: 0 });
    expect(said.map(({ message, fields }) => [message, fields])).toEqual([
      ["messages of other streams are ignored", { chosen: "s", stream: "NI-DAQmx" }],
    ]);
  });
  test("the named one is taken, whichever comes first", () => {
    const intake = makeIntake({ stream: "s", continuous: true });
    intake.push(renumber(otherSpike(other(), 5), 0));
    intake.push(renumber(spike(100_000), 1));
    expect(counters).toMatchObject({ spikes: 1, ignored: 1, restarts: 0 });
  });
  test("after a restart the rig may have other streams", () => {
    const intake = makeIntake();
    intake.push(spike(100_000));
    intake.reconnecting();
    intake.push(otherSpike(other(), 5));
    expect(counters).toMatchObject({ spikes: 2, ignored: 0 });
  });
});

test("units that the bundle does not know are named once, with those that it knows", () => {
  const intake = makeIntake();
  for (let i = 0; i < 20; i++) intake.push(spike(i, `Tetrode ${i % 3}`, 2));
  intake.flush();
  intake.push(spike(30, "another"));
  intake.flush();
  expect(counters.unknownUnits).toBe(21);
  expect(said.map(({ fields }) => fields)).toMatchObject([
    { rig: ["Tetrode 0.2", "Tetrode 1.2", "Tetrode 2.2"], bundle: ["E1.1", "E2.1"] },
  ]);
});

test("a message that others overtook is delivered, and taken off the losses", () => {
  const intake = makeIntake({ continuous: true });
  const [first, second, third] = [spike(1), spike(2), spike(3)];
  intake.push(first);
  intake.push(third);
  expect(counters.missed).toBe(1);
  intake.push(second);
  expect(counters).toMatchObject({ missed: 0, spikes: 3, restarts: 0, duplicates: 0 });
});

describe("spikes from continuous data", () => {
  const detect = { lowHz: 300, highHz: 6_000, threshold: -4.5, refractoryMs: 1, settleS: 0.1 };
  const block = (sampleNum: number, trough: boolean) => {
    const samples = Float32Array.from({ length: 300 }, (_, i) => 5 * Math.sin(i * i * 0.7));
    if (trough)
      spikeWaveform(-150).forEach((value, i) => {
        samples[100 + i]! += value;
      });
    return encoder.data({ channel: 1, channelName: "CH2", sampleNum, sampleRateHz: 30_000, samples });
  };
  test("are found by channel name, counted as spikes, as long as the rig sends none", () => {
    const intake = makeIntake({ continuous: true, detect }, ["CH2.0", "E1.1"]);
    for (let i = 0; i < 40; i++) intake.push(block(i * 300, i >= 20 && i < 30));
    intake.flush();
    expect(counters.spikes).toBe(10);
    expect(out[0]).toMatchObject({ kind: "spikes", units: new Uint16Array(10) });
    intake.push(spike(12_000));
    expect(said.at(-1)?.message).toMatch(/sends spikes of its own/);
    for (let i = 40; i < 50; i++) intake.push(block(i * 300, true));
    expect(counters.spikes).toBe(11);
  });
  test("channels can be renamed like electrodes", () => {
    const intake = makeIntake({ continuous: true, detect, electrodes: { CH2: "A7" } }, ["A7.0"]);
    for (let i = 0; i < 40; i++) intake.push(block(i * 300, i === 30));
    expect(counters.spikes).toBe(1);
  });
});
