import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Binner } from "../../src/signal/binner.ts";
import type { Bin, CountBlock } from "../../src/signal/types.ts";
import { block, counted } from "./helpers.ts";

const make = () => new Binner({ source: "rig", units: 3, widthMs: 20, latenessMs: 4, silenceMs: 60 });
const push = (binner: Binner, message: CountBlock) => binner.push(message, message.receivedAtMs);

describe("Binner, counted samples", () => {
  test("a sample as long as a bin closes its bin at once, wherever the source's grid lies", () => {
    const binner = make();
    const [bin, ...more] = push(binner, counted([7.013], [[1, 0, 5]]));
    expect(more).toEqual([]);
    expect(bin).toMatchObject({ index: 0, spikes: 6, closedBy: "source", epoch: 0 });
    expect([...bin!.counts]).toEqual([1, 0, 5]);
    expect(bin!.startS).toBeCloseTo(6.993, 9);
    expect(bin!.endS).toBeCloseTo(7.013, 9);
    expect([...bin!.spikeUnits]).toEqual([0, 2]);
    expect([...bin!.spikeOffsetsMs].map(Math.round)).toEqual([10, 10]);
    expect(bin!.lastSpikeAtMs).toBeCloseTo(7003, 6);
  });

  test("shorter samples add up to their bin", () => {
    const binner = make();
    const rows = [1, 2, 3, 4, 5].map((count) => [count, 0, 1]);
    const bins = push(binner, counted([1.005, 1.01, 1.015, 1.02, 1.025], rows, 0.005));
    expect(bins.length).toBe(1);
    expect([...bins[0]!.counts]).toEqual([10, 0, 4]);
    expect([...push(binner, counted([1.03, 1.035, 1.04], rows.slice(0, 3), 0.005))[0]!.counts]).toEqual([11, 0, 4]);
  });

  test("a lost sample is an empty bin, and the samples after it stay in theirs", () => {
    const binner = make();
    push(binner, counted([1], [[1, 1, 1]]));
    const bins = push(
      binner,
      counted(
        [1.04, 1.06],
        [
          [2, 0, 0],
          [3, 0, 0],
        ],
      ),
    );
    expect(bins.map(({ counts }) => counts[0])).toEqual([0, 2, 3]);
  });

  test("a silent source gives empty bins, and samples of bins that the wall has closed are late", () => {
    const binner = make();
    push(binner, counted([1], [[1, 1, 1]]));
    expect(binner.closeSilent(1000 + 20 + 4 + 60 + 0.1)).toMatchObject([{ spikes: 0, closedBy: "silence" }]);
    expect(
      binner.push(
        counted(
          [1.02, 1.04],
          [
            [9, 0, 0],
            [1, 0, 0],
          ],
        ),
        1090,
      ),
    ).toMatchObject([{ spikes: 1 }]);
    expect(binner.late).toBe(9);
    expect(binner.total).toBe(3 + 9 + 1);
  });

  test("spikes of the same source share the bins", () => {
    const binner = make();
    binner.push(block([[1.001, 1]], 1001), 1001);
    const [bin] = push(binner, counted([1.02], [[0, 2, 0]]));
    expect([...bin!.counts]).toEqual([0, 3, 0]);
  });

  test.each([0.03, 0.008, 0, Number.NaN, -1])(
    "samples of %f s, which do not fill a bin of 20 ms, are refused",
    (intervalS) => {
      expect(() => push(make(), counted([1], [[1, 1, 1]], intervalS))).toThrow(
        "[SOURCE_MISMATCH] counts of rig: expected samples of 20 ms (the width of a bin) or a whole fraction of it",
      );
    },
  );

  test("a block of another number of units is refused", () => {
    expect(() => push(make(), counted([1], [[1, 1]]))).toThrow("expected 3 values for 1 samples, got 2");
  });

  test("every count is in exactly one bin, late, or still open; bins are gap-free (property)", () => {
    const sample = fc.record({
      lost: fc.boolean(),
      jitter: fc.double({ min: -4e-3, max: 4e-3, noNaN: true }),
      count: fc.nat(9),
    });
    fc.assert(
      fc.property(
        fc.array(sample, { maxLength: 200 }),
        fc.constantFrom(1, 2, 4, 5),
        fc.double({ min: -1e-4, max: 1e-4, noNaN: true }),
        (samples, perBin, drift) => {
          const binner = make();
          const intervalS = 0.02 / perBin;
          const bins: Bin[] = [];
          samples.forEach(({ lost, jitter, count }, i) => {
            const endS = 5 + (i + 1) * intervalS * (1 + drift) + jitter / perBin;
            if (!lost) bins.push(...push(binner, counted([endS], [[count, 0, 1]], intervalS)));
          });
          bins.push(...binner.closeSilent(1e4));
          expect(bins.reduce((sum, { spikes }) => sum + spikes, 0) + binner.late).toBe(binner.total);
          bins.forEach(({ index, counts, spikes }, i) => {
            expect(index).toBe(i);
            expect(counts.reduce((a, b) => a + b, 0)).toBe(spikes);
          });
        },
      ),
    );
  });

  test("with jitter below a quarter of an interval and no drift no sample is late and no bin is empty (property)", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -4.9e-3, max: 4.9e-3, noNaN: true }), { minLength: 1, maxLength: 100 }),
        (jitter) => {
          const binner = make();
          const bins = jitter.flatMap((late, i) => push(binner, counted([3 + i * 0.02 + late], [[1, 1, 1]])));
          expect(bins.map(({ spikes }) => spikes)).toEqual(jitter.map(() => 3));
          expect(binner.late).toBe(0);
        },
      ),
    );
  });
});

test("a measured clock (sync) takes the place of delays seen from one side", () => {
  const binner = make();
  push(binner, counted([1], [[1, 1, 1]]));
  binner.push({ kind: "sync", source: "rig", offsetMs: 3, uncertaintyMs: 0.2, receivedAtMs: 1001 }, 1001);
  binner.push({ kind: "restart", source: "rig", receivedAtMs: 1002 }, 1002);
  binner.push({ kind: "sync", source: "rig", offsetMs: 7, uncertaintyMs: 0.2, receivedAtMs: 1003 }, 1003);
  binner.push(counted([2], [[1, 1, 1]]), 2050);
  expect(binner.clock.toLocalMs(2)).toBeCloseTo(2007, 6);
  expect(binner.clock.uncertaintyMs).toBeGreaterThanOrEqual(0.2);
});
