import { beforeEach, describe, expect, test } from "vitest";
import { createEncoder, type Encoder } from "../../adapters/open-ephys/encode.ts";
import { createIntake } from "../../adapters/open-ephys/intake.ts";
import type { Intake } from "../../adapters/zeromq/subscribe.ts";
import { emptyCounters, type SourceCounters, type SourceMessage } from "../../src/signal/types.ts";

let out: SourceMessage[];
let counters: SourceCounters;
let encoder: Encoder;

function makeIntake(options: { continuous?: boolean; electrodes?: Record<string, string> } = {}): Intake {
  const context = { source: "rig", unitLabels: ["E1.1", "E2.1"], counters, now: () => 42, log: () => {} };
  return createIntake({ sampleRateHz: 30_000, continuous: false, electrodes: {}, ...options }, context, (message) =>
    out.push(message),
  );
}
beforeEach(() => {
  out = [];
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
