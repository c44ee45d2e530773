import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Binner } from "../../src/signal/binner.ts";
import type { Bin } from "../../src/signal/types.ts";
import { block } from "./helpers.ts";

const make = () => new Binner({ source: "rig", units: 4, widthMs: 20, latenessMs: 4, silenceMs: 60 });

describe("Binner", () => {
  test("closes a bin when the source's clock passes its end and the lateness", () => {
    const binner = make();
    expect(
      binner.push(
        block(
          [
            [10, 1],
            [10.019, 2],
          ],
          0,
        ),
        0,
      ),
    ).toEqual([]);
    expect(binner.push(block([[10.0239, 3]], 24), 24)).toEqual([]);
    const [bin, ...more] = binner.push(block([[10.0241, 0]], 25), 25);
    expect(more).toEqual([]);
    expect(bin).toMatchObject({ index: 0, spikes: 2, closedBy: "source", closedAtMs: 25, epoch: 0 });
    expect([...bin!.counts]).toEqual([0, 1, 1, 0]);
    expect(bin!.startS).toBeCloseTo(10, 9);
    expect([...bin!.spikeUnits]).toEqual([1, 2]);
    expect(bin!.spikeOffsetsMs[1]).toBeCloseTo(19, 3);
  });

  test("a spike on an edge belongs to the bin that begins there, however many bins came before", () => {
    const binner = make();
    const samplesOfBin = 600;
    const bins: Bin[] = [];
    for (let bin = 500; bin < 5_000; bin++) {
      const timeS = (bin * samplesOfBin) / 30_000;
      bins.push(...binner.push(block([[timeS, 1]], timeS * 1000), timeS * 1000));
    }
    expect(bins.filter(({ counts }) => counts[1] !== 1)).toEqual([]);
    expect(bins.at(-1)!.startS).toBe((500 + bins.length - 1) / 50);
  });

  test("counts a spike that comes after its bin was closed as late, and keeps it out", () => {
    const binner = make();
    binner.push(block([[1, 0]], 0), 0);
    binner.push(block([[1.05, 0]], 50), 50);
    const bins = binner.push(
      block(
        [
          [1.001, 3],
          [1.09, 0],
        ],
        90,
      ),
      90,
    );
    expect(binner.late).toBe(1);
    expect(bins.every((bin) => bin.counts[3] === 0)).toBe(true);
  });

  test("a silent source gives empty bins at the wall deadline, not before", () => {
    const binner = make();
    binner.push(block([[1, 0]], 1000), 1000);
    expect(binner.closeSilent(1083.9)).toEqual([]);
    expect(binner.closeSilent(1084.1)).toMatchObject([{ index: 0, closedBy: "silence", spikes: 1 }]);
    expect(binner.closeSilent(1104.1)).toMatchObject([{ index: 1, closedBy: "silence", spikes: 0 }]);
  });

  test("a clock that jumps ahead starts a new epoch instead of a flood of empty bins", () => {
    const binner = make();
    binner.push(block([[1, 0]], 0), 0);
    const bins = binner.push(block([[5000, 0]], 20), 20);
    expect(bins).toMatchObject([{ index: 0, epoch: 0, spikes: 1 }]);
    expect(binner.push(block([[5000.03, 0]], 50), 50)).toMatchObject([{ index: 1, epoch: 1 }]);
  });

  test("a source that was paused with its clock goes on decoding when it returns", () => {
    const binner = make();
    binner.push(block([[1, 0]], 0), 0);
    const silent = binner.closeSilent(5000);
    expect(silent.length).toBeGreaterThan(200);
    binner.push(block([[1.02, 1]], 5010), 5010);
    const bins = binner.push(block([[1.06, 1]], 5050), 5050);
    expect(bins[0]).toMatchObject({ epoch: 1, spikes: 1, index: silent.length });
    expect(binner.late).toBe(0);
  });

  test("an announced restart starts a new epoch at the new origin", () => {
    const binner = make();
    binner.push(block([[100, 0]], 0), 0);
    binner.push({ kind: "restart", source: "rig", receivedAtMs: 5 }, 5);
    expect(
      binner.push(
        block(
          [
            [0, 0],
            [0.03, 0],
          ],
          40,
        ),
        40,
      ),
    ).toMatchObject([{ epoch: 1, startS: 0 }]);
  });

  test("every spike is in exactly one bin, late, or still open; bins are gap-free (property)", () => {
    const spike = fc.tuple(fc.double({ min: 0, max: 1.5, noNaN: true }), fc.integer({ min: 0, max: 3 }));
    fc.assert(
      fc.property(fc.array(fc.array(spike, { maxLength: 20 }), { maxLength: 30 }), (blocks) => {
        const binner = make();
        const bins: Bin[] = [];
        for (const [i, spikes] of blocks.entries()) bins.push(...binner.push(block(spikes, i * 10), i * 10));
        bins.push(...binner.push(block([[3, 0]], 1000), 1000), ...binner.closeSilent(4000));
        const binned = bins.reduce((sum, bin) => sum + bin.spikes, 0);
        expect(binned + binner.late).toBe(binner.total);
        bins.forEach((bin, i) => {
          expect(bin.index).toBe(i);
          expect(bin.counts.reduce((a, b) => a + b, 0)).toBe(bin.spikes);
        });
      }),
    );
  });

  test.each(["units", "widthMs"] as const)("refuses %s 0", (key) => {
    const options = { source: "rig", units: 4, widthMs: 20, latenessMs: 4, silenceMs: 60, [key]: 0 };
    expect(() => new Binner(options)).toThrow(`[PARAMETER_INVALID] ${key}: expected more than 0, got 0`);
  });
});
