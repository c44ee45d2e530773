import { describe, expect, test } from "vitest";
import { startHog } from "../../bench/hog.ts";
import { freePortPair, startDaemon, startRig } from "../integration/processes.ts";
import { TestViewer } from "../integration/test-viewer.ts";
import { compareBooks, pollUntil, WHOLE_TRACE } from "./deadline-books.ts";
import { startSteppingRig } from "./stepping-rig.ts";

const policies = (lateFrames: "drop" | "show-late", noTime: "hold" | "expire") => ({
  decode: { lateFrames, noTime },
  ...WHOLE_TRACE,
});
/** Every tenth model run takes 150 ms more: three times the budget. */
const STALLS = { PHOSPHENE_FAULT: "slow:150:10" };

describe("a model run that stalls", () => {
  test("drop, expire: no late picture is shown, each stall is a miss that is counted", async () => {
    const port = await freePortPair();
    await using _rig = await startRig(port);
    await using daemon = await startDaemon(port, policies("drop", "expire"), STALLS);
    await using viewer = await TestViewer.connect(daemon.streamUrl, "frame");
    const { ledger } = await pollUntil(daemon, (status) => status.ledger.discarded >= 4);
    expect(ledger.late + ledger.held).toBe(0);
    expect(ledger.superseded).toBeGreaterThan(0);
    await viewer.next("frame");
    const seen = await compareBooks(daemon, viewer, "drop");
    expect(seen.every(({ held }) => held === null)).toBe(true);
  });

  test("show-late: the late pictures are shown and say so, exactly as many as are counted", async () => {
    const port = await freePortPair();
    await using _rig = await startRig(port);
    await using daemon = await startDaemon(port, policies("show-late", "expire"), STALLS);
    await using viewer = await TestViewer.connect(daemon.streamUrl, "frame");
    const { ledger } = await pollUntil(daemon, (status) => status.ledger.late >= 4);
    expect(ledger.discarded).toBe(0);
    const isLate = (frame: { stamps: { written: number }; deadlineMs: number }) =>
      frame.stamps.written > frame.deadlineMs;
    await viewer.next("frame", isLate);
    const seen = await compareBooks(daemon, viewer, "show-late");
    expect(seen.filter(isLate).length).toBeGreaterThan(0);
  });

  test("hold: where there is no time the last picture comes again, marked", async () => {
    const port = await freePortPair();
    await using _rig = await startRig(port);
    // A bin that had to wait has no time left: after each stall there is one.
    const shares = { waitMs: 4 };
    const decode = { lateFrames: "drop", noTime: "hold", shares };
    await using daemon = await startDaemon(port, { decode, ...WHOLE_TRACE }, STALLS);
    await using viewer = await TestViewer.connect(daemon.streamUrl, "frame", "latents");
    await pollUntil(daemon, (status) => status.ledger.held >= 3);
    const held = await viewer.next("frame", (frame) => frame.held !== null, 0);
    await viewer.next("latents", ({ seq }) => seq === held.seq, 0);
    await viewer.next("frame", (frame) => frame.held !== null && frame.seq > held.seq, 0);
    const seen = await compareBooks(daemon, viewer, "drop");
    for (const frame of seen.filter((each) => each.held !== null)) {
      const of = seen.find(({ seq }) => seq === frame.held!.seq);
      if (of !== undefined) expect([frame.bins, frame.image]).toEqual([of.bins, of.image]);
      expect(frame.decision.why).toBe("no-time");
    }
  });
});

test("a decoder process that ends again and again: the books balance at every poll, nothing old is shown", async () => {
  const port = await freePortPair();
  await using _rig = await startRig(port);
  await using daemon = await startDaemon(port, policies("drop", "hold"), { PHOSPHENE_FAULT: "exit-at:12" });
  await using viewer = await TestViewer.connect(daemon.streamUrl, "frame", "event");
  const { ledger } = await pollUntil(daemon, ({ decoder }) => decoder.restarts >= 2 && decoder.state === "ready");
  expect(ledger.failed).toBeGreaterThan(0);
  await viewer.next("frame");
  await compareBooks(daemon, viewer, "drop");
});

test("a source whose clock steps, forth and back: bins, deadlines and books are this machine's", async () => {
  const port = await freePortPair();
  await using rig = await startSteppingRig(port);
  const source = { options: { endpoint: `tcp://127.0.0.1:${port}`, heartbeat: false } };
  await using daemon = await startDaemon(port, { ...policies("drop", "expire"), source });
  await using viewer = await TestViewer.connect(daemon.streamUrl, "frame");
  const more = async () => {
    const { ledger } = await daemon.status();
    return pollUntil(daemon, (status) => status.ledger.frames >= ledger.frames + 10);
  };
  for (const ms of [5000, -3000, 700, -40]) {
    await more();
    rig.step(ms);
  }
  await more();
  await viewer.next("frame");
  const seen = await compareBooks(daemon, viewer, "drop");
  for (const { stamps, budgetMs } of seen) expect(stamps.written - stamps.closed).toBeLessThanOrEqual(budgetMs);
});

test("busy neighbours on every core: what is shown is in time, what is not is counted", async () => {
  const port = await freePortPair();
  await using _rig = await startRig(port);
  await using daemon = await startDaemon(port, policies("drop", "hold"));
  await using viewer = await TestViewer.connect(daemon.streamUrl, "frame");
  await using _hog = await startHog(3);
  await pollUntil(daemon, ({ ledger }) => ledger.frames >= 60);
  await viewer.next("frame");
  await compareBooks(daemon, viewer, "drop");
});

test("a viewer that stops reading: its losses are its own, and all are counted", async () => {
  const port = await freePortPair();
  await using _rig = await startRig(port);
  await using daemon = await startDaemon(port, { decode: { lateFrames: "drop", everyBins: 1 }, ...WHOLE_TRACE });
  await using viewer = await TestViewer.connect(daemon.streamUrl, "frame");
  await using stopped = await TestViewer.connect(daemon.streamUrl, "frame", "latents");
  await stopped.next("frame", () => true, 0);
  stopped.socket.pause();
  const losses = ({ viewers }: { viewers: { dropped: number }[] }) =>
    Math.max(0, ...viewers.map(({ dropped }) => dropped));
  await pollUntil(daemon, (status) => losses(status) >= 20);
  stopped.socket.resume();
  await stopped.next("dropped");
  await viewer.next("frame");
  const seen = await compareBooks(daemon, viewer, "drop");
  const late = stopped.messages.filter(
    (message) => message.type === "frame" && message.stamps.written > message.deadlineMs,
  );
  expect([late.length, seen.length > 0]).toEqual([0, true]);
});
