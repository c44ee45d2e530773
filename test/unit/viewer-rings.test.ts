import { describe, expect, test } from "vitest";
import { LatencyHistory } from "../../clients/viewer/lib/history.ts";
import { type RasterBin, RasterRing } from "../../clients/viewer/lib/raster-ring.ts";
import { StimulusTrack } from "../../clients/viewer/lib/stimuli.ts";

function bin(index: number): RasterBin {
  const units = Uint16Array.of(index);
  return { index, startS: index * 0.02, endS: (index + 1) * 0.02, units, offsetsMs: Float32Array.of(1) };
}

describe("raster ring", () => {
  test("keeps the newest bins and says where a reader that fell behind starts again", () => {
    const ring = new RasterRing(3);
    for (let i = 0; i < 5; i++) ring.push(bin(i));
    expect([ring.oldest, ring.cursor]).toEqual([2, 5]);
    expect([1, 2, 4, 5].map((cursor) => ring.at(cursor)?.index)).toEqual([undefined, 2, 4, undefined]);
    expect(ring.newest?.index).toBe(4);
  });

  test("a bin that goes back in time empties it, and the cursor still grows", () => {
    const ring = new RasterRing(8);
    for (const index of [10, 11, 2]) ring.push(bin(index));
    expect([ring.oldest, ring.cursor]).toEqual([2, 3]);
    expect(ring.at(1)).toBeUndefined();
    expect(ring.at(2)?.index).toBe(2);
  });

  test("is empty at first and after clear", () => {
    const ring = new RasterRing(2);
    expect(ring.newest).toBeUndefined();
    ring.push(bin(0));
    ring.clear();
    expect(ring.newest).toBeUndefined();
  });

  test("names a capacity that is none", () => {
    expect(() => new RasterRing(0)).toThrow("capacity: expected a whole number of bins, got 0");
  });
});

describe("latency history", () => {
  test("forgets the oldest frames and marks the late ones", () => {
    const history = new LatencyHistory(2);
    for (const [seq, total] of [
      [1, 20],
      [2, 60],
      [3, 30],
    ] as const)
      history.push(seq, total, 50);
    expect(history.columnsBorrowed()).toEqual([
      [2, 3],
      [60, 30],
      [50, 50],
      [60, null],
    ]);
    expect(history.version).toBe(3);
  });
});

describe("stimulus track", () => {
  const face = { id: "face-1", url: "/stimuli/face-1" };
  const blank = { id: "blank", url: null };

  test("a blank closes the stimulus and is itself no interval", () => {
    const track = new StimulusTrack();
    track.apply(face, 1);
    expect(track.intervals).toEqual([{ ...face, startS: 1, endS: null }]);
    track.apply(blank, 1.4);
    expect(track.intervals).toEqual([{ ...face, startS: 1, endS: 1.4 }]);
    expect(track.current).toEqual(blank);
  });

  test("a second blank moves nothing", () => {
    const track = new StimulusTrack();
    for (const [stimulus, at] of [
      [face, 1],
      [blank, 1.4],
      [blank, 2],
    ] as const)
      track.apply(stimulus, at);
    expect(track.intervals[0]?.endS).toBe(1.4);
  });

  test("a rig that started again leaves nothing of the former time", () => {
    const track = new StimulusTrack();
    track.apply(face, 100);
    track.apply(face, 0.5);
    expect(track.intervals).toEqual([{ ...face, startS: 0.5, endS: null }]);
  });
});
