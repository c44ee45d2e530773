import { describe, expect, test } from "vitest";
import { TraceRing } from "../../daemon/trace.ts";
import { traceFile } from "../../daemon/trace-events.ts";
import type { FrameBody } from "../../src/protocol/messages.ts";
import type { Bin } from "../../src/signal/types.ts";
import { SERVER } from "../golden/protocol-messages.ts";

const bin = (index: number): Bin => ({
  index,
  source: "rig",
  ...{ startS: 0.02 * index, endS: 0.02 * (index + 1), counts: Uint16Array.of(0), spikes: 0, epoch: 0 },
  ...{ spikeUnits: new Uint16Array(), spikeOffsetsMs: new Float32Array(), lastSpikeAtMs: Number.NaN },
  ...{ arrivedAtMs: 20 * index - 1, closedAtMs: 20 * index, closedBy: "source" },
});
const frame = (seq: number, last: number): FrameBody => ({ ...SERVER.frame, seq, bins: [last - 4, last] });
const times = { serialisedMs: 7, writtenMs: 8 };

describe("TraceRing", () => {
  test("keeps the last bins, those without a frame too, with what became of them and when", () => {
    let nowMs = 0;
    const ring = new TraceRing(3, () => nowMs);
    for (const index of [0, 1, 2, 3]) ring.opened(bin(index));
    nowMs = 100;
    ring.settled(0, "gated"); // forgotten by now
    ring.settled(1, "expired", "held");
    ring.written(frame(0, 2), times);
    nowMs = 101;
    ring.settled(2, "frames");
    const bins = ring.read();
    expect(bins.map(({ index, outcome, note, settledMs }) => [index, outcome, note, settledMs])).toEqual([
      [1, "expired", "held", 100],
      [2, "frames", null, 101],
      [3, null, null, null],
    ]);
    expect(bins[1]).toMatchObject({ arrivedMs: 39, closedMs: 40, frame: { seq: 0, ...times, shownMs: null } });
    expect(bins[1]?.frame).not.toHaveProperty("image");
    expect(ring.read(2).map(({ index }) => index)).toEqual([2, 3]);
  });

  test("the first viewer that had a frame on its screen counts, and frames too old to know are ignored", () => {
    const ring = new TraceRing(2, () => 0);
    ring.opened(bin(0));
    ring.written(frame(5, 0), times);
    ring.shown(5, 30);
    ring.shown(5, 31);
    ring.shown(3, 32); // same place in the ring
    expect(ring.read()[0]?.frame?.shownMs).toBe(30);
    ring.opened(bin(2));
    ring.shown(5, 33);
    expect(ring.read().map(({ frame: found }) => found?.shownMs)).toEqual([undefined]);
  });

  test("a bin that is settled already takes no other frame", () => {
    const ring = new TraceRing(4, () => 0);
    ring.opened(bin(0));
    ring.written(frame(0, 0), times);
    ring.settled(0, "frames");
    ring.written(frame(1, 0), times);
    ring.settled(0, "expired");
    expect(ring.read()[0]).toMatchObject({ outcome: "frames", frame: { seq: 0 } });
  });
});

test("bins of a source that is lost begin together, and none is on a row of another track", () => {
  const ring = new TraceRing(300, () => 6_000);
  for (let index = 0; index < 300; index++) {
    ring.opened({ ...bin(index), arrivedAtMs: 0, closedBy: "silence" });
    ring.settled(index, index === 0 ? "superseded" : "gated");
  }
  const { ledger } = SERVER.status;
  const head = { nowMs: 6_000, originMs: 0, session: "s", widthMs: 20, ledger };
  const { traceEvents } = traceFile({ ...head, bins: ring.read() });
  const rows = traceEvents.filter(({ name }) => name === "thread_name");
  expect(new Set(rows.map(({ args }) => String(args?.name).split(" ")[0]))).toEqual(new Set(["binner", "mailbox"]));
  expect(new Set(rows.map(({ tid }) => tid)).size).toBe(rows.length);
});
