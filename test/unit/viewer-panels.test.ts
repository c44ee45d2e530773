import { describe, expect, test } from "vitest";
import { Announcements, LASTS_MS, REST_MS } from "../../clients/viewer/lib/announcer.ts";
import { LatencyCdf, nines } from "../../clients/viewer/lib/cdf.ts";
import { LatentsTrail, TRAIL_COLUMN_MS, TRAIL_COLUMNS } from "../../clients/viewer/lib/latents-trail.ts";
import { type Picture, Presenting } from "../../clients/viewer/lib/present.ts";
import { Shortcuts } from "../../clients/viewer/lib/shortcuts.ts";
import { median, PARTS, partsOf, StageTrack } from "../../clients/viewer/lib/stages.ts";
import { cdfColumns } from "../../clients/viewer/paint/cdf.ts";
import { rgbOf } from "../../clients/viewer/paint/diverging.ts";

const stamps = {
  ...{ lastSpike: 90, arrived: 99, closed: 100, dispatched: 101, started: 103, encoded: 106 },
  ...{ stepped: [110, 115], synthesised: 121, received: 128, written: 136 },
};

describe("stages of a frame", () => {
  test("follow one another from the close of the bin to the write, and nothing is left out", () => {
    const parts = partsOf(stamps);
    expect(parts).toEqual([1, 2, 3, 9, 6, 7, 8]);
    expect(parts.reduce((sum, part) => sum + part, 0)).toBe(stamps.written - stamps.closed);
    expect(parts).toHaveLength(PARTS.length);
  });

  test("a bundle without steps spends nothing on them", () => {
    expect(partsOf({ ...stamps, stepped: [] })[3]).toBe(0);
  });

  test("the median is that of every stage, over as many frames as are kept", () => {
    const track = new StageTrack(3);
    expect([track.newest, track.median()]).toEqual([null, null]);
    for (const wait of [100, 1, 3, 2]) track.push(PARTS.map((_, i) => (i === 0 ? wait : 5)));
    expect(track.median()).toEqual([2, 5, 5, 5, 5, 5, 5]);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });
});

describe("distribution of the latency", () => {
  test("holds the newest and gives them in order", () => {
    const cdf = new LatencyCdf(3);
    for (const ms of [9, 3, 7, 5]) cdf.push(ms);
    expect([...cdf.sorted()]).toEqual([3, 5, 7]);
    expect([cdf.n, cdf.version]).toEqual([3, 4]);
  });

  test("nines: 90 % of the frames lie below 1, 99 % below 2", () => {
    expect(nines(900, 1000)).toBeCloseTo(1, 2);
    expect(nines(990, 1000)).toBeCloseTo(2, 1);
  });

  test("the curve is thinned but for its tail", () => {
    const [x, y] = cdfColumns(Float64Array.from({ length: 2000 }, (_, i) => i));
    expect(x.length).toBeLessThan(300);
    expect(x.slice(-40)).toEqual(Array.from({ length: 40 }, (_, i) => 1960 + i));
    expect(y.every((value, i) => i === 0 || value > y[i - 1]!)).toBe(true);
  });
});

describe("trail of the latents", () => {
  const mu = (value: number) => Float32Array.of(value);
  test("a frame is found at its time, time without frames is empty, the oldest is overwritten", () => {
    const trail = new LatentsTrail();
    trail.push(10 * TRAIL_COLUMN_MS, mu(1));
    trail.push(13 * TRAIL_COLUMN_MS, mu(2));
    expect([trail.newest, trail.at(10)?.[0], trail.at(11), trail.at(13)?.[0]]).toEqual([13, 1, null, 2]);
    trail.push((10 + TRAIL_COLUMNS) * TRAIL_COLUMN_MS, mu(3));
    expect([trail.at(10), trail.at(13)?.[0], trail.at(10 + TRAIL_COLUMNS)?.[0]]).toEqual([null, 2, 3]);
    trail.push(1e6 * TRAIL_COLUMN_MS, mu(4));
    expect([trail.at(1e6 - 1), trail.at(1e6)?.[0]]).toEqual([null, 4]);
  });

  test("colours tell the sign, and dark is zero", () => {
    expect(rgbOf(9)).toEqual(rgbOf(3));
    expect(rgbOf(2)[1]).toBeGreaterThan(rgbOf(2)[0]);
    expect(rgbOf(-2)[0]).toBeGreaterThan(rgbOf(-2)[2]);
    expect(Math.max(...rgbOf(0))).toBeLessThan(30);
  });
});

describe("what a screen reader is told", () => {
  test("a state that lasts, not every blank between two stimuli", () => {
    const announcements = new Announcements();
    let said = new Set<string>();
    for (let ms = 0; ms < 10_000; ms += 250) said.add(announcements.say(ms % 1200 < 600 ? "live" : "blank", ms));
    expect([...said]).toEqual([""]);
    said = new Set();
    for (let ms = 10_000; ms < 20_000; ms += 250) said.add(announcements.say("stale", ms));
    expect([...said]).toEqual(["", "stale"]);
  });

  test("not more often than it can be listened to", () => {
    const announcements = new Announcements();
    announcements.say("live", 0);
    expect(announcements.say("live", LASTS_MS)).toBe("live");
    announcements.say("stale", LASTS_MS + 1);
    expect(announcements.say("stale", 2 * LASTS_MS + 1)).toBe("live");
    expect(announcements.say("stale", LASTS_MS + REST_MS)).toBe("stale");
  });
});

describe("pictures for the subject", () => {
  const picture = (value: number): Picture => ({ width: 1, height: 1, image: Uint8Array.of(value, 0, 0) });
  test("one is on its way at a time, of those that wait the newest is sent", () => {
    const sent: [number, number][] = [];
    let id = 5;
    const presenting = new Presenting(
      ({ id: number, image }) => sent.push([number, image[0]!]) > 0,
      () => id++,
    );
    for (const value of [1, 2, 3]) presenting.show(picture(value));
    expect(sent).toEqual([[5, 1]]);
    presenting.presented(5, "live-0");
    expect(sent).toEqual([
      [5, 1],
      [6, 3],
    ]);
    expect(presenting.refused(6, "PRESENT_UNAVAILABLE: no rig")).toBe(true);
    expect(presenting.phase).toEqual({ kind: "refused", why: "PRESENT_UNAVAILABLE: no rig" });
  });

  test("it is on when the rig says so, not when the rig has it", () => {
    const presenting = new Presenting(
      () => true,
      () => 1,
    );
    presenting.show(picture(1));
    presenting.presented(1, "live-7");
    presenting.stimulus("live-6");
    expect(presenting.phase).toEqual({ kind: "handed", stimulus: "live-7" });
    presenting.stimulus("live-7");
    expect(presenting.phase).toEqual({ kind: "shown", stimulus: "live-7" });
    presenting.show(picture(2));
    presenting.stimulus("live-8");
    presenting.presented(1, "live-8");
    expect(presenting.phase).toEqual({ kind: "shown", stimulus: "live-8" });
  });
});

test("a key has one meaning, which can be taken away again", () => {
  const shortcuts = new Shortcuts();
  const done: string[] = [];
  const press = (key: string, rest: Partial<KeyboardEvent> = {}) =>
    shortcuts.handle({ key, repeat: false, preventDefault: () => {}, target: null, ...rest } as KeyboardEvent);
  globalThis.Element ??= class {} as typeof Element;
  const remove = shortcuts.add({ key: "f", does: "first", run: () => done.push("first") });
  press("F");
  press("f", { ctrlKey: true });
  press("f", { repeat: true });
  shortcuts.add({ key: "f", does: "second", run: () => done.push("second") });
  remove();
  press("f");
  expect(done).toEqual(["first", "second"]);
  expect(shortcuts.list.map(({ does }) => does)).toEqual(["second"]);
});
