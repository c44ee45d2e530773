import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Merger } from "../../src/signal/merger.ts";
import type { SourceMessage, SpikeBlock } from "../../src/signal/types.ts";
import { block } from "./helpers.ts";

const bins = { widthMs: 20, units: 3 };
const make = () => new Merger({ name: "both", sources: ["a", "b"], holdMs: 60, ...bins });
const from = (source: string, spikes: [number, number][], receivedAtMs: number): SpikeBlock => ({
  ...block(spikes, receivedAtMs),
  source,
});
const spikesOf = (messages: readonly SourceMessage[]) =>
  messages.flatMap((message) =>
    message.kind === "spikes" ? Array.from(message.times, (time, i) => [time, message.units[i]!]) : [],
  );

describe("Merger", () => {
  test("spikes of two clocks come out in the order of time, on the local clock", () => {
    const merger = make();
    merger.push(from("a", [[100, 0]], 0), 0);
    merger.push(from("b", [[5000, 7]], 0), 0);
    const held = merger.push(
      from(
        "a",
        [
          [100.005, 1],
          [100.01, 2],
        ],
        10,
      ),
      10,
    );
    expect(spikesOf(held)).toEqual([]);
    const released = spikesOf(
      merger.push(
        from(
          "b",
          [
            [5000.007, 8],
            [5000.01, 9],
          ],
          10,
        ),
        10,
      ),
    );
    expect(released.map(([, unit]) => unit)).toEqual([1, 8, 2, 9]);
    for (const [i, wanted] of [0.005, 0.007, 0.01, 0.01].entries()) expect(released[i]![0]).toBeCloseTo(wanted, 6);
  });

  test("a source that fell silent holds the others no longer than the limit", () => {
    const merger = make();
    merger.push(from("a", [[100, 0]], 0), 0);
    merger.push(from("b", [[5000, 7]], 0), 0);
    merger.push(from("a", [[100.05, 1]], 50), 50);
    expect(merger.nextReleaseMs()).toBe(110);
    expect(spikesOf(merger.release(109))).toEqual([]);
    expect(spikesOf(merger.release(110))).toHaveLength(1);
  });

  test("a lost first source does not stop the second, nor one that never came", () => {
    const merger = make();
    merger.push(from("a", [[100, 0]], 0), 0);
    merger.push(from("b", [[5000, 7]], 0), 0);
    const alone = make();
    alone.push(from("b", [[5000, 7]], 5), 5);
    expect(spikesOf(alone.release(65))).toEqual([[0.005, 7]]);
    for (const ms of [1000, 1100]) merger.push(from("b", [[5000 + ms / 1000, 7]], ms), ms);
    const later = spikesOf(merger.push(from("b", [[5001.2, 7]], 1200), 1200));
    expect(later.map(([time]) => Math.round(time! * 10) / 10)).toEqual([1.1]);
    expect(spikesOf(merger.release(1260))).toHaveLength(1);
  });

  test("a restart is the source's own affair: its clock is mapped anew, the common one goes on", () => {
    const merger = make();
    merger.push(from("a", [[100, 0]], 0), 0);
    merger.push(from("b", [[5000, 7]], 0), 0);
    expect(merger.push({ kind: "restart", source: "b", receivedAtMs: 20 }, 20)).toEqual([]);
    merger.push(from("b", [[3, 7]], 30), 30);
    const released = spikesOf(merger.push(from("a", [[100.03, 1]], 30), 30));
    expect(released.map(([, unit]) => unit).sort()).toEqual([1, 7]);
    for (const [time] of released) expect(time).toBeCloseTo(0.03, 6);
  });

  test("one source alone passes as it is", () => {
    const merger = new Merger({ name: "rig", sources: ["rig"], holdMs: 60, ...bins });
    const message = { ...block([[1, 2]], 0), source: "rig" };
    expect(merger.push(message, 0)).toEqual([message]);
  });

  test("nothing is lost or made up, whatever the interleaving (property)", () => {
    const step = fc.tuple(fc.constantFrom("a", "b"), fc.integer({ min: 0, max: 5 }), fc.integer({ min: 1, max: 30 }));
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const merger = make();
        let [nowMs, sent, received] = [0, 0, 0];
        merger.push(from("a", [[0, 0]], 0), 0);
        merger.push(from("b", [[0, 1]], 0), 0);
        for (const [source, count, waitMs] of steps) {
          nowMs += waitMs;
          const spikes = Array.from({ length: count }, (_, i): [number, number] => [nowMs / 1000 - i * 1e-4, i]);
          sent += count;
          received += spikesOf(merger.push(from(source, spikes, nowMs), nowMs)).length;
        }
        received += spikesOf(merger.release(nowMs + 1000)).length;
        expect(received).toBeGreaterThanOrEqual(sent);
        expect(received).toBeLessThanOrEqual(sent + 2);
      }),
    );
  });
});
