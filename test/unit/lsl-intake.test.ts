import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { createIntake, type Intake } from "../../adapters/lsl/intake.ts";
import type { Batch, ClockReading } from "../../adapters/lsl/messages.ts";
import { lslOptions } from "../../adapters/lsl/options.ts";
import type { StreamDescription } from "../../adapters/lsl/stream.ts";
import { emptyCounters, type SourceCounters, type SourceMessage } from "../../src/signal/types.ts";

const LABELS = ["1.0", "1.1", "E7.2"];
let counters: SourceCounters;
let seen: SourceMessage[];
let warnings: string[];
let said: unknown[];

beforeEach(() => {
  counters = emptyCounters();
  seen = [];
  warnings = [];
  said = [];
});

function intakeOf(raw: object): Intake {
  const context = {
    source: "rig",
    unitLabels: LABELS,
    counters,
    now: () => 0,
    log: (level: string, text: string, fields?: unknown) => {
      if (level !== "warn") return;
      warnings.push(text);
      said.push(fields);
    },
  };
  // hrtime is 500 ms ahead of the daemon's clock.
  return createIntake(
    lslOptions.parse(raw),
    context,
    (hrMs) => hrMs - 500,
    (message) => seen.push(message),
  );
}

const stream = (changes: Partial<StreamDescription> = {}): StreamDescription => ({
  name: "s",
  type: "SpikeEvents",
  sourceId: "id",
  uid: "u1",
  hostname: "h",
  format: "int16",
  channels: 2,
  rateHz: 0,
  labels: [],
  ...changes,
});

const clock = (changes: Partial<ClockReading> = {}): ClockReading => ({
  lslS: 100,
  hrMs: 100_600,
  correctionS: 10,
  uncertaintyS: 2e-4,
  ...changes,
});

const batch = (times: number[], values: number[], changes: Partial<Batch> = {}): Batch => ({
  kind: "batch",
  times: Float64Array.from(times),
  values: Float64Array.from(values),
  texts: null,
  flushed: 0,
  hrMs: 0,
  ...changes,
});

const of = <Kind extends SourceMessage["kind"]>(kind: Kind) =>
  seen.filter((message): message is Extract<SourceMessage, { kind: Kind }> => message.kind === kind);

describe("events", () => {
  test("spikes go to the units of their label, on this machine's LSL clock; what the clocks are worth is said first", () => {
    const intake = intakeOf({ units: { "7.2": "E7.2" } });
    intake.connected(stream(), clock(), 1);
    expect(seen).toEqual([]);
    intake.batch(batch([90, 90.5, 90.25], [1, 1, 7, 2, 1, 0]), 2);
    expect(seen).toMatchObject([
      { kind: "sync", offsetMs: 100, uncertaintyMs: expect.closeTo(0.2, 9) },
      { kind: "spikes", seq: 0, receivedAtMs: 2 },
    ]);
    expect([...of("spikes")[0]!.times]).toEqual([100, 100.5, 100.25]);
    expect([...of("spikes")[0]!.units]).toEqual([1, 2, 0]);
    expect(counters).toMatchObject({ messages: 3, spikes: 3 });
  });

  test("indices that come as floats are rounded; what is no index is malformed, what is no unit of ours unknown", () => {
    const intake = intakeOf({});
    intake.connected(stream({ format: "float32" }), clock(), 1);
    const values = [1.0000001, 0, 1.5, 0, -1, 0, Number.NaN, 1, 70_000, 1, 2, 0];
    intake.batch(batch([1, 2, 3, 4, 5, 6], values), 2);
    expect(counters).toMatchObject({ messages: 6, spikes: 1, malformed: 4, unknownUnits: 1 });
    expect(warnings[0]).toBe("malformed sample skipped");
  });

  test("units that the bundle does not know are named once, with those that it knows", () => {
    const intake = intakeOf({});
    intake.connected(stream(), clock(), 0);
    for (let i = 0; i < 5; i++) intake.batch(batch([90 + i, 90 + i, 90 + i], [1, 0, 9, 9, 8, 2]), 0);
    expect(counters).toMatchObject({ spikes: 5, unknownUnits: 10 });
    expect(said).toEqual([
      { rig: ["9.9", "8.2"], bundle: LABELS, remedy: expect.stringContaining("<channel>.<unit>") },
    ]);
  });

  test("every sample is counted once, whatever it holds (fuzz)", () => {
    const value = fc.oneof(fc.double(), fc.integer({ min: -2, max: 8 }), fc.constant(Number.POSITIVE_INFINITY));
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.double(), value, value)), fc.nat(9), (samples, flushed) => {
        counters = emptyCounters();
        seen = [];
        const intake = intakeOf({});
        intake.connected(stream(), clock(), 1);
        intake.batch(
          batch(
            samples.map(([time]) => time),
            samples.flatMap(([, ...rest]) => rest),
            { flushed },
          ),
          2,
        );
        const { messages, spikes, malformed, unknownUnits } = counters;
        expect(messages).toBe(samples.length + flushed);
        expect(spikes + malformed + unknownUnits + counters.flushed).toBe(messages);
        expect(of("spikes").every(({ times }) => times.every(Number.isFinite))).toBe(true);
      }),
    );
  });
});

describe("counts", () => {
  const counts = (raw: object = {}, changes: Partial<StreamDescription> = {}) => {
    const intake = intakeOf({ layout: "counts", ...raw });
    intake.connected(stream({ channels: 4, rateHz: 50, labels: ["x", "E7.2", "1.1", "1.0"], ...changes }), clock(), 1);
    return intake;
  };

  test("channels are found by their labels, others ignored", () => {
    counts().batch(batch([1, 1.02], [9, 1, 2, 3, 9, 4, 5, 6]), 2);
    expect(of("counts")).toMatchObject([{ seq: 0, intervalS: 0.02 }]);
    expect([...of("counts")[0]!.counts]).toEqual([3, 2, 1, 6, 5, 4]);
    expect([...of("counts")[0]!.times]).toEqual([11, 11.02]);
    expect(counters).toMatchObject({ messages: 2, samples: 2, spikes: 21 });
  });

  test("a sample with rates, negative numbers or NaN is malformed as a whole; those beside it are not", () => {
    counts().batch(batch([1, 1.02, 1.04, 1.06], [0, 0, 0, 1, 0, 0.5, 0, 0, 0, -1, 0, 0, 0, 0, 7, 0]), 2);
    expect([...of("counts")[0]!.counts]).toEqual([1, 0, 0, 0, 7, 0]);
    expect(counters).toMatchObject({ messages: 4, samples: 2, malformed: 2, spikes: 8 });
  });

  test("missing samples are counted from the stamps, but not those that we threw away ourselves", () => {
    const intake = counts();
    const feed = (from: number, to: number, flushed = 0) => {
      const times = Array.from({ length: to - from }, (_, i) => (from + i) * 0.02);
      intake.batch(
        batch(
          times,
          times.flatMap(() => [0, 0, 0, 0]),
          { flushed },
        ),
        2,
      );
    };
    feed(0, 20);
    feed(25, 50);
    expect(counters.missed).toBe(5);
    feed(60, 90, 10);
    expect(counters).toMatchObject({ missed: 5, flushed: 10, messages: 85 });
    expect(warnings).toContain("backlog thrown away: newer samples were already there");
  });
});

describe("markers", () => {
  const texts = (list: (string | null)[]) =>
    batch(
      list.map((_, i) => i),
      [],
      { texts: list },
    );

  test("are text events; spikes only when that is asked for", () => {
    for (const spikeMarkers of [false, true]) {
      const intake = intakeOf({ layout: "markers", spikeMarkers });
      intake.connected(stream({ format: "string", channels: 1 }), clock(), 1);
      intake.batch(texts(["1:1", "stimulus a", "1:0", "9:9"]), 2);
    }
    expect(of("event").map(({ text }) => text)).toEqual(["1:1", "stimulus a", "1:0", "9:9", "stimulus a"]);
    expect(of("spikes").map(({ seq, units }) => [seq, ...units])).toEqual([
      [0, 1],
      [1, 0],
    ]); // around the event
    expect(counters).toMatchObject({ messages: 8, events: 5, spikes: 2, unknownUnits: 1 });
  });

  test("what is not UTF-8, or endless, is malformed", () => {
    const intake = intakeOf({ layout: "markers" });
    intake.connected(stream({ format: "string", channels: 1 }), clock(), 1);
    intake.batch(texts([null, "x".repeat(5000), "é ü 刺激"]), 2);
    expect(counters).toMatchObject({ messages: 3, malformed: 2, events: 1 });
  });
});

describe("restarts and clocks", () => {
  test("the same outlet again is none, another outlet is one", () => {
    const intake = intakeOf({});
    for (const uid of ["u1", "u1", "u2"]) intake.connected(stream({ uid }), clock(), 1);
    expect(counters.restarts).toBe(1);
    expect(seen).toMatchObject([{ kind: "restart" }]);
  });

  test("a clock that goes back is one, spikes out of order are none", () => {
    const intake = intakeOf({});
    intake.connected(stream(), clock(), 1);
    intake.batch(batch([50, 49.5], [1, 0, 1, 0]), 2);
    expect(counters.restarts).toBe(0);
    intake.batch(batch([3, 3.1], [1, 0, 1, 0]), 3);
    expect(counters.restarts).toBe(1);
    expect(seen.map(({ kind }) => kind)).toEqual(["sync", "spikes", "restart", "spikes"]);
  });

  test("liblsl's word for it is one", () => {
    const intake = intakeOf({});
    intake.connected(stream(), clock(), 1);
    intake.reset(2);
    expect(counters.restarts).toBe(1);
  });

  test("without answers to clock probes stamps stay the peer's, nothing is claimed, and that is said", () => {
    const intake = intakeOf({});
    intake.connected(stream(), clock({ correctionS: Number.NaN, uncertaintyS: Number.NaN }), 1);
    intake.batch(batch([5], [1, 0]), 2);
    expect(seen.map(({ kind }) => kind)).toEqual(["spikes"]);
    expect(of("spikes")[0]!.times[0]).toBe(5);
    expect(warnings[0]).toContain("no answer to LSL's clock probes");
  });

  test("what the clocks are worth is told again every 5 s, and when it changes", () => {
    const intake = intakeOf({});
    intake.connected(stream(), clock(), 0);
    intake.batch(batch([5], [1, 0]), 0);
    for (let second = 1; second <= 12; second++)
      intake.clock(clock({ lslS: 100 + second, hrMs: 100_600 + second * 1000 }), second * 1000);
    expect(of("sync").map(({ receivedAtMs }) => receivedAtMs)).toEqual([0, 5000, 10_000]);
    intake.clock(clock({ lslS: 113, hrMs: 113_600, uncertaintyS: 5e-3 }), 13_000);
    expect(of("sync").at(-1)).toMatchObject({ uncertaintyMs: expect.closeTo(5, 6) });
  });

  test("stale data that waits upstream, where we cannot throw it away, is said (nothing is silent)", () => {
    const intake = intakeOf({ maxBacklogMs: 100 });
    intake.connected(stream(), clock(), 100);
    intake.batch(batch([90], [1, 0]), 100_110); // stamp 100 s = 100,100 ms here: 10 ms old
    intake.batch(batch([91], [1, 0]), 101_190); // 90 ms
    expect(warnings).toEqual([]);
    intake.batch(batch([92], [1, 0]), 102_300); // 200 ms
    expect(warnings).toEqual(["the newest sample is old already when it comes: a backlog at the peer or on the way"]);
  });
});
