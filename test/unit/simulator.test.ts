import { VirtualTimeScheduler } from "rxjs";
import { expect, test } from "vitest";
import { openSimulator, simulator } from "../../adapters/simulator/adapter.ts";
import { simulatorOptions } from "../../adapters/simulator/options.ts";
import { emptyCounters, type SourceMessage } from "../../src/signal/types.ts";

const LABELS = Array.from({ length: 16 }, (_, unit) => `E${unit}.1`);

/** Plays `ms` of virtual time. */
function play(options: object, ms: number): SourceMessage[] {
  const scheduler = new VirtualTimeScheduler(undefined, ms);
  const context = {
    source: "s",
    unitLabels: LABELS,
    counters: emptyCounters(),
    now: () => scheduler.now(),
    log: () => {},
  };
  const seen: SourceMessage[] = [];
  const subscription = openSimulator(simulatorOptions.parse(options), context, scheduler).subscribe((m) =>
    seen.push(m),
  );
  scheduler.flush();
  subscription.unsubscribe();
  return seen;
}
const blocks = (seen: SourceMessage[]) => seen.filter((message) => message.kind === "spikes");

test("a block every blockMs, stamped with virtual time", () => {
  const seen = blocks(play({ blockMs: 20 }, 1_000));
  expect(seen.map(({ receivedAtMs }) => receivedAtMs)).toEqual(Array.from({ length: 50 }, (_, i) => 20 * (i + 1)));
});

test("the same seed gives the same messages, another seed does not", () => {
  expect(play({ seed: 5 }, 2_000)).toEqual(play({ seed: 5 }, 2_000));
  expect(play({ seed: 6 }, 2_000)).not.toEqual(play({ seed: 5 }, 2_000));
});

test("stimuli come on and go", () => {
  const events = play({ stimulusMs: 100 }, 601).filter((message) => message.kind === "event");
  expect(events.map(({ time, text }) => [time, text.replace(/s\d+$/, "sN")])).toEqual([
    [0.1, "stimulus sN"],
    [0.2, "stimulus blank"],
    [0.3, "stimulus sN"],
    [0.4, "stimulus blank"],
    [0.5, "stimulus sN"],
  ]);
});

test("the mean rate is the one asked for: the rest is a third", () => {
  const spikes = blocks(play({ rateHz: 30, stimuli: 500, stimulusMs: 50 }, 100_000)).reduce(
    (n, b) => n + b.times.length,
    0,
  );
  const mean = spikes / LABELS.length / 100;
  expect(mean).toBeGreaterThan(18);
  expect(mean).toBeLessThan(22);
});

test("only the first units fire when so asked", () => {
  const units = new Set(blocks(play({ units: 3, rateHz: 100 }, 1_000)).flatMap((block) => [...block.units]));
  expect(units).toEqual(new Set([0, 1, 2]));
});

test("as fast as it is taken its time is not the wall's: silence closes no bins, and its data have no age", () => {
  const followsWall = (options: object) => simulator.followsWall?.(simulatorOptions.parse(options));
  expect([followsWall({}), followsWall({ realtime: false })]).toEqual([true, false]);
});
