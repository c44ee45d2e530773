import { expect, test } from "vitest";
import { emptyState } from "../../clients/viewer/lib/state.ts";
import type { Then } from "../../clients/viewer/lib/viewer.ts";
import { axisMs, momentOf, placeOf, ticks } from "../../clients/viewer/timeline/axis.ts";
import { FrameRing } from "../../clients/viewer/timeline/frame-ring.ts";
import { Runs } from "../../clients/viewer/timeline/runs.ts";
import { Timeline } from "../../clients/viewer/timeline/timeline.ts";
import { encodeServer } from "../../src/protocol/encode.ts";
import type { ServerMessage } from "../../src/protocol/messages.ts";
import { SERVER } from "../golden/protocol-messages.ts";

const LIMITS = { bytes: 8000, spanMs: 1000, frames: 16 };

function filled(frames: number, everyMs: number, bytes: number, limits = LIMITS): FrameRing {
  const ring = new FrameRing(limits);
  for (let n = 0; n < frames; n++)
    ring.push({ seq: 100 + n, state: "ok", arrivedAtMs: n * everyMs }, new Uint8Array(bytes).fill(n));
  return ring;
}

test("the ring holds at most so many frames, and each with its own bytes", () => {
  const ring = filled(40, 1, 10);
  expect([ring.oldest, ring.end, ring.size]).toEqual([24, 40, 16]);
  for (let n = ring.oldest; n < ring.end; n++) {
    expect(ring.at(n)).toEqual({ seq: 100 + n, state: "ok", arrivedAtMs: n });
    expect(ring.messageCopy(n)).toEqual(new Uint8Array(10).fill(n));
  }
  expect([ring.at(23), ring.messageCopy(40)]).toEqual([null, null]);
});

test("the ring holds at most so many bytes, and never gives the bytes of another frame", () => {
  const limits = { ...LIMITS, frames: 1000 };
  const ring = new FrameRing(limits);
  const sizes = [900, 1000, 100, 333, 7, 999];
  for (let n = 0; n < 500; n++) {
    ring.push({ seq: n, state: "ok", arrivedAtMs: n }, new Uint8Array(sizes[n % sizes.length]!).fill(n));
    expect(ring.bytes).toBeLessThanOrEqual(limits.bytes);
    for (let i = ring.oldest; i < ring.end; i++) {
      const message = ring.messageCopy(i)!;
      if (message.length !== sizes[i % sizes.length] || message.some((byte) => byte !== i % 256))
        throw new Error(`frame ${i} has other bytes than its own`);
    }
  }
  expect(ring.size).toBeGreaterThan(7);
});

test("a message larger than all room is held alone", () => {
  const ring = filled(3, 1, 100);
  ring.push({ seq: 9, state: "late", arrivedAtMs: 9 }, new Uint8Array(9000).fill(1));
  expect([ring.size, ring.state(3), ring.messageCopy(3)?.length]).toEqual([1, "late", 9000]);
  ring.push({ seq: 10, state: "ok", arrivedAtMs: 10 }, new Uint8Array(100));
  expect([ring.size, ring.bytes]).toEqual([1, 1000]);
});

test("the ring lets go what is older than its span, and finds a frame by its time", () => {
  const ring = filled(16, 100, 10);
  expect([ring.oldest, ring.arrivedAtMs(ring.oldest)]).toEqual([5, 500]);
  expect([ring.firstSince(-1), ring.firstSince(650), ring.firstSince(700), ring.firstSince(9999)]).toEqual([
    5, 7, 7, 16,
  ]);
});

test("a ring without room is refused", () => {
  expect(() => new FrameRing({ ...LIMITS, bytes: 0 })).toThrow("bytes: expected a whole number from 1, got 0");
});

test("a run holds until the next, and is forgotten with its frames", () => {
  const runs = new Runs<string>();
  for (const [n, value] of ["a", "a", "b", "b", "c"].entries()) runs.push(n, 0, value);
  expect([0, 1, 2, 4, 9].map((n) => runs.at(n))).toEqual(["a", "a", "b", "c", "c"]);
  runs.push(5, 3, "c");
  expect(runs.listBorrowed).toEqual([
    { from: 2, value: "b" },
    { from: 4, value: "c" },
  ]);
});

test("the axis has a length that holds what is kept, with marks at whole times", () => {
  expect([0, 30_000, 30_001, 100_000, 999_999].map(axisMs)).toEqual([30_000, 30_000, 60_000, 120_000, 300_000]);
  expect(ticks(60_000)).toEqual([
    { place: 0.75, label: "−0:15" },
    { place: 0.5, label: "−0:30" },
    { place: 0.25, label: "−0:45" },
  ]);
  expect(momentOf(placeOf(70, 100, 50), 100, 50)).toBeCloseTo(70);
});

/** A timeline with the viewer's side written down: what was shown of then, in order; null is live. */
function staged() {
  const shown: (Then | null)[] = [];
  const live = emptyState();
  let take: (message: ServerMessage, bytes: Uint8Array, atMs: number) => void = () => {};
  const showThen = (then: Then | null) => shown.push(then);
  const timeline = new Timeline({ live, showThen, tap: (tap) => (take = tap) }, { ...LIMITS, bytes: 80_000 });
  const frame = (seq: number, atMs: number) => {
    const body = { ...SERVER.frame, seq, image: new Uint8Array(6).fill(seq), width: 2, height: 1 };
    take({ type: "frame", ...body }, encodeServer("frame", body), atMs);
  };
  const hello = (session: string, digest = SERVER.hello.bundle.digest) => {
    live.hello = { ...SERVER.hello, session, bundle: { ...SERVER.hello.bundle, digest } };
    take({ type: "hello", ...live.hello }, new Uint8Array(), 0);
  };
  return { timeline, shown, live, frame, hello };
}

const seqs = (shown: (Then | null)[]) => shown.map((then) => then?.frame?.seq ?? null);

test("freezing stands at the newest frame while the ring fills, and going on is live again", () => {
  const { timeline, shown, frame } = staged();
  timeline.toggle();
  expect(shown).toEqual([]);
  for (let seq = 0; seq < 3; seq++) frame(seq, seq * 40);
  timeline.toggle();
  frame(3, 120);
  expect([timeline.cursor, timeline.ring.end]).toEqual([2, 4]);
  timeline.toggle();
  expect(seqs(shown)).toEqual([2, null]);
  expect(shown[0]?.frame?.image).toEqual(new Uint8Array(6).fill(2));
  expect(shown[0]?.past).toEqual({ arrivedAtMs: 80 });
});

test("a frame of then is shown under the bundle that it is of, also after another took over", () => {
  const { timeline, shown, live, frame, hello } = staged();
  hello("a", "old");
  for (const seq of [0, 1]) frame(seq, seq * 40);
  hello("a", "new");
  frame(2, 80);
  expect(timeline.shown?.hello?.bundle.digest).toBe("new");
  for (const n of [1, 2, 0]) timeline.seek(n);
  expect(shown.map((then) => then?.hello?.bundle.digest)).toEqual(["old", "new", "old"]);
  // The connection is the one of now: a page that came back has another number.
  live.hello = { ...live.hello!, viewer: 99 };
  timeline.seek(1);
  expect(shown.at(-1)?.hello).toMatchObject({ viewer: 99, bundle: { digest: "old" } });
});

test("steps go frame by frame and stay within what is held; End's way is live", () => {
  const { timeline, shown, frame } = staged();
  for (let seq = 0; seq < 4; seq++) frame(seq, seq * 40);
  for (const by of [-1, -1, -9, -1, 2, 9]) timeline.step(by);
  timeline.live();
  timeline.live();
  expect(seqs(shown)).toEqual([2, 1, 0, 2, 3, null]);
});

test("skips go by time, at least one frame, also over a gap", () => {
  const { timeline, shown, frame } = staged();
  for (const [seq, atMs] of [0, 40, 600, 640, 680].entries()) frame(seq, atMs);
  timeline.skip(-100);
  timeline.skip(-100);
  timeline.skip(100);
  timeline.seekTime(639);
  timeline.seekTime(640);
  expect(seqs(shown)).toEqual([2, 1, 2, 3]);
});

test("a frame that the ring has let go stays shown, and the next step is to the oldest that is held", () => {
  const { timeline, shown, frame } = staged();
  frame(0, 0);
  timeline.toggle();
  for (let seq = 1; seq < 30; seq++) frame(seq, seq * 40);
  expect([timeline.cursor, timeline.ring.has(0)]).toEqual([0, false]);
  timeline.step(-1);
  expect(seqs(shown)).toEqual([0, timeline.ring.oldest]);
});

test("a frame of then is shown with the stimulus of then", () => {
  const { timeline, shown, live, frame } = staged();
  for (const [seq, id] of ["duck", "duck", "house"].entries()) {
    if (live.stimuli.current?.id !== id) live.stimuli.apply({ id, url: null }, seq);
    frame(seq, seq * 40);
  }
  timeline.step(-1);
  timeline.step(1);
  expect(shown.map((then) => then?.stimuli.current?.id)).toEqual(["duck", "house"]);
});

test("another session empties the timeline and is shown live; the same one, connected again, goes on", () => {
  const { timeline, shown, frame, hello } = staged();
  hello("a");
  frame(0, 0);
  timeline.toggle();
  hello("a");
  expect([timeline.cursor, timeline.ring.size]).toEqual([0, 1]);
  hello("b");
  expect([timeline.cursor, timeline.ring.size, timeline.shown]).toEqual([null, 0, null]);
  expect(seqs(shown)).toEqual([0, null]);
});
