import { Subject, VirtualTimeScheduler } from "rxjs";
import { describe, expect, test } from "vitest";
import { openRecording } from "../../adapters/recording/adapter.ts";
import type { Recording } from "../../adapters/recording/load.ts";
import { recordingOptions } from "../../adapters/recording/options.ts";
import { createRecordingBuilder } from "../../adapters/recording/recording.ts";
import { Binner } from "../../src/signal/binner.ts";
import { type Bin, emptyCounters, type SourceMessage } from "../../src/signal/types.ts";

const BUNDLE = ["a.1", "b.1"];

/** Spikes of `[time, label]` and texts of `[time, text]`; a further list is a further segment. */
function recorded(...segments: (readonly (readonly [number, string])[])[]): Recording {
  const builder = createRecordingBuilder((_, subject) => {
    throw new Error(subject);
  });
  segments.forEach((things, index) => {
    if (index > 0) builder.restart();
    for (const [time, what] of things)
      if (what.includes(".")) builder.spike(time, builder.unit(what));
      else builder.event({ time, event: "text", text: what });
  });
  return builder.finish("test");
}

/** Plays `ms` of virtual time; a wall that is late by `lagMs` at the first turn when asked. */
function play(recording: Recording, options: object, ms: number, startMs = 0) {
  const scheduler = new VirtualTimeScheduler(undefined, startMs + ms);
  scheduler.frame = startMs;
  const counters = emptyCounters();
  const said: unknown[] = [];
  const log = (level: string, _text: string, fields?: unknown) => void (level === "warn" && said.push(fields));
  const context = { source: "r", unitLabels: BUNDLE, counters, now: () => scheduler.now(), log };
  const seen: SourceMessage[] = [];
  const ended: number[] = [];
  const source$ = openRecording(recording, recordingOptions.parse(options), context, scheduler);
  const subscription = source$.subscribe({ next: (m) => seen.push(m), complete: () => ended.push(1) });
  scheduler.flush();
  subscription.unsubscribe();
  return { seen, counters, said, completed: ended.length > 0 };
}

const of = <K extends SourceMessage["kind"]>(seen: SourceMessage[], kind: K) =>
  seen.filter((message): message is Extract<SourceMessage, { kind: K }> => message.kind === kind);

describe("the player", () => {
  const three = recorded([
    [10.0025, "a.1"],
    [10.0125, "b.1"],
    [10.013, "stimulus x"],
    [10.035, "a.1"],
  ]);

  test("at real time a block is played when its end has come, then the clock says so", () => {
    const { seen } = play(three, {}, 1_000, 500);
    const spikes = of(seen, "spikes").map(({ times, units, receivedAtMs }) => [receivedAtMs, [...times], [...units]]);
    expect(spikes).toEqual([
      [510, [10.0025], [0]],
      [520, [10.0125], [1]],
      [540, [10.035], [0]],
    ]);
    expect(of(seen, "clock").map(({ time }) => time)).toEqual([10.01, 10.02, 10.03, 10.04]);
    expect(of(seen, "event")).toMatchObject([{ time: 10.013, text: "stimulus x", receivedAtMs: 520 }]);
    expect(of(seen, "spikes").map(({ seq }) => seq)).toEqual([0, 1, 2]);
  });

  test("at a factor the same messages come sooner or later", () => {
    const at = (speed: number) => of(play(three, { speed }, 10_000).seen, "spikes").map((b) => b.receivedAtMs);
    expect(at(2)).toEqual([5, 10, 20]);
    expect(at(0.1)).toEqual([100, 200, 400]);
    expect(at(1_000)).toHaveLength(3);
  });

  test("an hour is played without drift: due times count from the begin", () => {
    const hour = recorded(Array.from({ length: 3_600 }, (_, s) => [s + 0.005, "a.1"] as const));
    const { seen } = play(hour, { blockMs: 7 }, 3_700_000);
    const late = of(seen, "spikes").map(({ times, receivedAtMs }) => receivedAtMs - times[0]! * 1000);
    expect(Math.min(...late)).toBeGreaterThan(-1e-6);
    expect(Math.max(...late)).toBeLessThan(7.001);
  });

  test("after a turn that came late it catches up, and keeps the times of the rest", () => {
    const scheduler = new VirtualTimeScheduler(undefined, 10_000);
    const context = {
      source: "r",
      unitLabels: BUNDLE,
      counters: emptyCounters(),
      now: () => scheduler.now(),
      log: () => {},
    };
    const seen: SourceMessage[] = [];
    const steady = recorded(Array.from({ length: 100 }, (_, i) => [i / 100 + 0.005, "a.1"] as const));
    openRecording(steady, recordingOptions.parse({}), context, scheduler).subscribe((message) => {
      seen.push(message);
      // Somebody blocks the event loop for 200 ms.
      if (message.kind === "spikes" && message.seq === 10) scheduler.frame += 200;
    });
    scheduler.flush();
    const arrivals = of(seen, "spikes").map(({ receivedAtMs }) => Math.round(receivedAtMs));
    expect(arrivals.slice(9, 12)).toEqual([100, 110, 310]);
    expect(arrivals.at(-1)).toBe(1_000);
  });

  test("it ends: what is gathered becomes bins, the connection is said to end, then it completes", () => {
    const { seen, completed, counters } = play(three, {}, 1_000);
    expect(seen.slice(-2)).toMatchObject([{ kind: "restart" }, { kind: "connection", state: "disconnected" }]);
    expect(completed).toBe(true);
    expect(counters).toMatchObject({ spikes: 3, events: 1, unknownUnits: 0, restarts: 0 });
    expect(binsOf(seen).reduce((sum, { spikes }) => sum + spikes, 0)).toBe(3);
  });

  test("a loop is a restart of the clock, and goes on at its time", () => {
    const { seen, counters, completed } = play(three, { loop: true }, 125);
    expect(of(seen, "spikes").map(({ receivedAtMs }) => Math.round(receivedAtMs))).toEqual([
      10, 20, 40, 50, 60, 80, 90, 100, 120,
    ]);
    expect(of(seen, "restart").length).toBe(3);
    expect(counters.restarts).toBe(3);
    expect(completed).toBe(false);
  });

  test("it begins where it is told, on the far side of whole segments too", () => {
    const two = recorded(
      [
        [100, "a.1"],
        [101, "a.1"],
      ],
      [
        [5, "a.1"],
        [6, "b.1"],
      ],
    );
    const first = (startS: number) => of(play(two, { startS }, 10_000).seen, "spikes")[0];
    expect(first(0)).toMatchObject({ times: Float64Array.of(100), receivedAtMs: 10 });
    expect(first(0.5)).toMatchObject({ times: Float64Array.of(101), receivedAtMs: 510 });
    expect(first(1.5)).toMatchObject({ times: Float64Array.of(6), units: Uint16Array.of(1) });
    expect(of(play(two, {}, 10_000).seen, "restart").length).toBe(2);
    expect(first(9)).toBeUndefined();
  });

  test("spikes of units that the bundle does not know are counted; a map gives them another name", () => {
    const strange = recorded([
      [0.001, "elec7.0"],
      [0.002, "elec8.3"],
      [0.003, "a.1"],
    ]);
    const plain = play(strange, {}, 100);
    expect(plain.counters).toMatchObject({ spikes: 1, unknownUnits: 2 });
    expect(plain.said).toMatchObject([{ rig: ["elec7.0", "elec8.3"], bundle: BUNDLE }]);
    const mapped = play(strange, { units: { "elec7.0": "b.1" } }, 100);
    expect(mapped.counters).toMatchObject({ spikes: 2, unknownUnits: 1 });
    expect([...of(mapped.seen, "spikes")[0]!.units]).toEqual([1, 0]);
  });

  test("stepwise: one request, one block; nothing by itself", () => {
    const request$ = new Subject<void>();
    const context = {
      source: "r",
      unitLabels: BUNDLE,
      counters: emptyCounters(),
      now: () => 0,
      log: () => {},
      request$,
    };
    const seen: SourceMessage[] = [];
    const ended: number[] = [];
    openRecording(three, recordingOptions.parse({ speed: "step" }), context).subscribe({
      next: (message) => seen.push(message),
      complete: () => ended.push(1),
    });
    expect(of(seen, "clock")).toEqual([]);
    for (let step = 1; step <= 4; step++) {
      request$.next();
      expect(of(seen, "clock").length).toBe(step);
    }
    expect(ended).toEqual([]);
    request$.next();
    expect(ended).toEqual([1]);
  });

  test("bins of two stepwise replays, and of one at a factor, are the same to the bit", () => {
    const random = (i: number) => Math.abs(Math.sin(i * 12.9898) * 43_758.5453) % 1;
    const busy = recorded(Array.from({ length: 5_000 }, (_, i) => [random(i) * 10, i % 2 ? "a.1" : "b.1"] as const));
    const stepwise = () => {
      const request$ = new Subject<void>();
      const seen: SourceMessage[] = [];
      const wall = { ms: Math.random() * 1_000 };
      const now = () => wall.ms;
      const context = { source: "r", unitLabels: BUNDLE, counters: emptyCounters(), now, log: () => {}, request$ };
      openRecording(busy, recordingOptions.parse({ speed: "step" }), context).subscribe((m) => seen.push(m));
      while (request$.observed) {
        wall.ms += Math.random() * 50;
        request$.next();
      }
      return binsOf(seen).map(content);
    };
    const first = stepwise();
    expect(first.reduce((sum, { units }) => sum + units.length, 0)).toBe(5_000);
    expect(stepwise()).toEqual(first);
    expect(binsOf(play(busy, { speed: 3.7 }, 60_000).seen).map(content)).toEqual(first);
  });
});

/** What a bin is, without when it was closed. */
function content({ index, startS, endS, counts, spikeUnits, spikeOffsetsMs, epoch }: Bin) {
  return { index, startS, endS, counts, units: spikeUnits, offsets: spikeOffsetsMs, epoch };
}

function binsOf(seen: readonly SourceMessage[]): Bin[] {
  const options = { source: "r", units: 2, widthMs: 20, latenessMs: 4, silenceMs: Number.POSITIVE_INFINITY };
  const binner = new Binner(options);
  return seen.flatMap((message) => binner.push(message, message.receivedAtMs));
}
