import { setTimeout as after } from "node:timers/promises";
import { expect } from "vitest";
import { balances } from "../../src/ledger.ts";
import type { ServerMessage, StatusBody } from "../../src/protocol/messages.ts";
import { OUTCOMES, parseTrace, type TraceBody } from "../../src/protocol/trace.ts";
import type { RunningDaemon } from "../integration/processes.ts";
import type { TestViewer } from "../integration/test-viewer.ts";

/** Between two polls, ms: often, but the poll is not to be the load. */
const POLL_MS = 20;
/** A trace that keeps the whole session. */
export const WHOLE_TRACE = { trace: { bins: 100_000 } };

type Frame = Extract<ServerMessage, { type: "frame" }>;
const sum = (counts: Record<string, number>) => Object.values(counts).reduce((total, count) => total + count, 0);

/** Everything that must hold in every reading of `/status`. */
export function checkStatus({ ledger, budget, viewers, viewerTotals }: StatusBody): void {
  expect(balances(ledger), JSON.stringify(ledger)).toBe(true);
  expect(budget.misses).toBe(ledger.late + ledger.expired);
  expect(budget.decisions["no-time"]).toBe(ledger.expired - ledger.discarded);
  expect(sum(budget.steps)).toBe(sum(budget.decisions) - budget.decisions["no-time"]);
  for (const { offered, sent, dropped, queued } of [...viewers, viewerTotals])
    expect(offered).toBe(sent + dropped + queued);
}

/** Polls until `done`, and checks the books at every poll. */
export async function pollUntil(daemon: RunningDaemon, done: (status: StatusBody) => boolean): Promise<StatusBody> {
  for (;;) {
    const status = await daemon.status();
    checkStatus(status);
    if (done(status)) return status;
    await after(POLL_MS);
  }
}

/** Compares ledger, trace of the whole session and what a viewer saw, bin by bin. Returns the frames that it saw. */
export async function compareBooks(
  daemon: RunningDaemon,
  viewer: TestViewer,
  policy: "drop" | "show-late",
): Promise<Frame[]> {
  const trace = parseTrace(await (await fetch(`${daemon.url}/trace`)).json());
  if (typeof trace === "string") throw new Error(trace);
  checkTotals(trace);
  const written = trace.bins.flatMap(({ frame }) => (frame === null ? [] : [frame.seq]));
  const seen = viewer.messages.filter((message): message is Frame => message.type === "frame");
  const known = seen.filter(({ seq }) => seq <= written.at(-1)!);
  for (const frame of known) checkFrame(frame, trace, policy);
  checkGaps(known, trace, viewer);
  return seen;
}

function checkTotals({ bins, ledger }: TraceBody): void {
  for (const outcome of OUTCOMES)
    expect([outcome, bins.filter((bin) => bin.outcome === outcome).length]).toEqual([outcome, ledger[outcome]]);
  for (const note of ["late", "discarded", "held"] as const)
    expect([note, bins.filter((bin) => bin.note === note).length]).toEqual([note, ledger[note]]);
}

/** A frame is late if and only if its bin is booked so; under `drop` none is older than its budget unless it says that it is held. */
function checkFrame(frame: Frame, { bins }: TraceBody, policy: "drop" | "show-late"): void {
  const { stamps, deadlineMs, budgetMs, held, state } = frame;
  const bin = bins.find(({ index }) => index === (held?.bin ?? frame.bins[1]))!;
  const late = stamps.written > deadlineMs;
  if (held === null) {
    expect([bin.outcome, bin.note]).toEqual(["frames", late ? "late" : null]);
    expect(bin.frame?.seq).toBe(frame.seq);
    expect(stamps.closed + budgetMs).toBeCloseTo(deadlineMs, 6);
    if (late) expect(["late", "no-reconstruction"]).toContain(state);
  } else {
    expect([bin.outcome, bin.note]).toEqual(["expired", "held"]);
    expect(held.ageMs).toBeCloseTo(stamps.written - stamps.closed, 6);
    expect(["held", "no-reconstruction"]).toContain(state);
  }
  if (policy === "drop") expect(late).toBe(false);
}

/** What was written between the first and the last frame that it saw, the viewer saw, or it was told of its loss. */
function checkGaps(known: readonly Frame[], { bins }: TraceBody, viewer: TestViewer): void {
  const [first, last] = [known[0]!.seq, known.at(-1)!.seq];
  const told = viewer.messages.reduce((total, message) => total + (message.type === "dropped" ? message.frames : 0), 0);
  const lost = last - first + 1 - known.length;
  expect(lost).toBeGreaterThanOrEqual(0);
  expect(lost).toBeLessThanOrEqual(told);
  if (lost > 0) return;
  const inRange = bins.filter(({ frame }) => frame !== null && frame.seq >= first && frame.seq <= last);
  expect(known.filter(({ held }) => held === null).map(({ seq }) => seq)).toEqual(
    inRange.map(({ frame }) => frame!.seq),
  );
}
