import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BUDGET_MS, type Script, simulate } from "./deadline-simulation.ts";

const quick = { modelMs: null, writeMs: 0 };
/** Sixteen bins; the model stalls on number 5 until number 10 has waited for 39 ms, too long for even one step. */
const STALL = Array.from({ length: 16 }, (_, bin) => (bin === 5 ? { modelMs: 239, writeMs: 0 } : quick));
const SETTLED = { closed: 16, inFlight: 0, bins: 16, superseded: 4, failed: 0, gated: 0 };

describe("a stall of the model, in virtual time", () => {
  test("drop and expire: the late picture is thrown away, and nothing is sent for the bin without time", async () => {
    const { ledger, shown, outcomes } = await simulate({ lateFrames: "drop", noTime: "expire", bins: STALL });
    const counts = { ...SETTLED, frames: 10, expired: 2, late: 0, discarded: 1, held: 0 };
    expect(ledger.counts()).toEqual(counts);
    expect([5, 6, 9, 10, 11].map((bin) => outcomes.get(bin))).toEqual([
      ...["expired", "superseded", "superseded", "expired", "frames"],
    ]);
    expect(shown.map(({ frame }) => frame.seq)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(shown.every(({ frame, atMs }) => atMs <= frame.deadlineMs && frame.held === null)).toBe(true);
  });

  test("show-late: the late picture is sent, marked and counted", async () => {
    const { ledger, shown } = await simulate({ lateFrames: "show-late", noTime: "expire", bins: STALL });
    expect(ledger.counts()).toEqual({ ...SETTLED, frames: 11, expired: 1, late: 1, discarded: 0, held: 0 });
    const late = shown.filter(({ frame }) => frame.stamps.written > frame.deadlineMs);
    expect(late.map(({ frame, atMs }) => [frame.seq, frame.state, frame.bins[1], atMs])).toEqual([[5, "late", 5, 439]]);
  });

  test("hold: the last picture again, marked with its number, its age and the bin for which it stands", async () => {
    const { ledger, shown } = await simulate({ lateFrames: "drop", noTime: "hold", bins: STALL });
    expect(ledger.counts()).toEqual({ ...SETTLED, frames: 10, expired: 2, late: 0, discarded: 1, held: 1 });
    const { frame, atMs } = shown[5]!;
    expect(frame.held).toEqual({ seq: 4, bin: 10, ageMs: 439 - 160 });
    expect([frame.seq, frame.bins[1], frame.stamps.closed, frame.deadlineMs, atMs]).toEqual([5, 4, 160, 450, 439]);
    expect([frame.state, frame.decision.why]).toEqual(["held", "no-time"]);
    expect(shown.map((each) => each.frame.seq)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  test("a held picture without reconstruction stays without", async () => {
    const { shown } = await simulate({ lateFrames: "drop", noTime: "hold", bins: STALL, withheld: true });
    expect([shown[4]!.frame.state, shown[5]!.frame.state]).toEqual(["no-reconstruction", "no-reconstruction"]);
  });

  test("nothing is held before there is a picture", async () => {
    const bins = [{ modelMs: -79, writeMs: 0 }, quick, quick, quick];
    const { ledger, shown } = await simulate({ lateFrames: "drop", noTime: "hold", bins });
    expect(ledger.counts()).toMatchObject({ failed: 1, expired: 1, held: 0, frames: 2 });
    expect(shown.every(({ frame }) => frame.held === null)).toBe(true);
  });
});

describe("shares of the budget, in virtual time", () => {
  const policies = { lateFrames: "drop", noTime: "expire" } as const;
  const bins = Array.from({ length: 8 }, (_, bin) => (bin === 2 ? { modelMs: 47, writeMs: 0 } : quick));

  test("a bin that waited longer than its share expires", async () => {
    const free = await simulate({ ...policies, bins });
    expect(free.outcomes.get(3)).toBe("frames");
    const shares = { waitMs: 5, modelMs: null, writeMs: null };
    const { outcomes, budget } = await simulate({ ...policies, shares, bins });
    expect(outcomes.get(3)).toBe("expired");
    expect(budget.counts().decisions["no-time"]).toBe(1);
  });

  test("the model's share decides the steps", async () => {
    const shares = { waitMs: null, modelMs: 15, writeMs: null };
    const { budget } = await simulate({ ...policies, shares, bins });
    expect(budget.counts()).toMatchObject({ steps: { "1": 8 }, decisions: { share: 8 } });
  });

  test("what writing takes is measured and kept free, unless it is configured", async () => {
    const slow = Array.from({ length: 40 }, () => ({ modelMs: null, writeMs: 15 }));
    const measured = await simulate({ ...policies, bins: slow });
    expect(measured.budget.writeMs).toBe(15);
    const shares = { waitMs: null, modelMs: null, writeMs: 4 };
    expect((await simulate({ ...policies, shares, bins: slow })).budget.writeMs).toBe(4);
  });
});

test("whatever the model does: identities, misses, and nothing shown too late under drop (property)", async () => {
  const modelMs = fc.oneof(
    { weight: 6, arbitrary: fc.constant(null) },
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 60 }) },
    { weight: 1, arbitrary: fc.integer({ min: 60, max: 400 }) },
    { weight: 1, arbitrary: fc.integer({ min: -80, max: -1 }) },
  );
  const bins = fc.array(fc.record({ modelMs, writeMs: fc.integer({ min: 0, max: 12 }) }), { maxLength: 60 });
  const script: fc.Arbitrary<Script> = fc.record({
    lateFrames: fc.constantFrom("drop", "show-late"),
    noTime: fc.constantFrom("hold", "expire"),
    bins,
  });
  await fc.assert(
    fc.asyncProperty(script, async (each) => {
      const { ledger, shown, overdue, outcomes } = await simulate(each);
      const { frames, expired, late, discarded, held, inFlight } = ledger.counts();
      expect(inFlight).toBe(0);
      expect(outcomes.size).toBe(each.bins.length);
      // The books against what happened: every answer that came too late, and every frame that a viewer saw.
      expect(late + discarded).toBe(overdue.length);
      expect(each.lateFrames === "drop" ? late : discarded).toBe(0);
      expect(shown.length).toBe(frames + held);
      expect(shown.map(({ frame }) => frame.seq)).toEqual(shown.map((_, i) => i));
      const tooOld = shown.filter(({ frame, atMs }) => atMs > frame.stamps.closed + BUDGET_MS);
      expect(tooOld.filter(({ frame }) => frame.held === null).length).toBe(late);
      expect(shown.filter(({ frame }) => frame.held !== null).length).toBe(held);
      for (const { frame, atMs } of shown) {
        expect(frame.stamps.written).toBe(atMs);
        if (each.lateFrames === "drop" || frame.held !== null) expect(atMs).toBeLessThanOrEqual(frame.deadlineMs);
        if (frame.held === null) continue;
        const of = shown[frame.held.seq]!.frame;
        expect([frame.bins, frame.held.ageMs, of.held]).toEqual([of.bins, atMs - of.stamps.closed, null]);
      }
      expect(expired).toBe([...outcomes.values()].filter((outcome) => outcome === "expired").length);
    }),
    { numRuns: 60 },
  );
});
