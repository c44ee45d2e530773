import { expect, test } from "vitest";
import { XPublisher } from "zeromq";
import { createEncoder } from "../../adapters/open-ephys/encode.ts";
import { balances } from "../../src/ledger.ts";
import { freePortPair, startDaemon } from "../integration/processes.ts";
import { TestViewer } from "../integration/test-viewer.ts";

const BLOCK_MS = 10;
/** The GUI's own, which ZeroMQ has by default: what does not fit is lost without a word. */
const GUI_HIGH_WATER_MARK = 1_000;
/** Big enough for a burst to be more than what the kernel holds, uV. */
const WAVEFORM = new Float32Array(400);

/** A rig in this process: blocks of spikes at their time, with a rate that can be changed. It begins when somebody has subscribed, so that all it sends is for him. */
async function openRig(port: number, spikesPerBlock: number) {
  const publisher = new XPublisher({ linger: 0, sendHighWaterMark: GUI_HIGH_WATER_MARK });
  await publisher.bind(`tcp://127.0.0.1:${port}`);
  const encoder = createEncoder({ stream: "Rig", sourceNode: 101, wallClockMs: Date.now });
  let startMs = Number.NaN;
  const rig = { factor: 1, sent: 0, blocks: 0, stopped: false };
  const spike = (sampleNum: number) => {
    const electrode = `E00${(rig.sent++ % 8) + 1}`;
    return encoder.spike({ electrode, sampleNum, sortedId: 1, threshold: [-50], waveform: WAVEFORM });
  };
  const play = async () => {
    await publisher.receive();
    startMs = performance.now();
    while (!rig.stopped) {
      const waitMs = startMs + (rig.blocks + 1) * BLOCK_MS - performance.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      for (let i = 0; i < spikesPerBlock * rig.factor && !rig.stopped; i++)
        await publisher.send(spike(Math.round((performance.now() - startMs) * 30)));
      rig.blocks++;
    }
  };
  const played = play();
  return {
    get sent() {
      return rig.sent;
    },
    /** Plays so many blocks at `factor` times the rate. */
    async burst(factor: number, blocks: number) {
      rig.factor = factor;
      const until = rig.blocks + blocks;
      while (rig.blocks < until) await new Promise((resolve) => setTimeout(resolve, BLOCK_MS));
      rig.factor = 1;
    },
    /** Plays no more; what was sent goes on its way. */
    async stop() {
      rig.stopped = true;
      await played;
    },
    async [Symbol.asyncDispose]() {
      rig.stopped = true;
      publisher.close();
    },
  };
}

test("3, 12, 25: a burst of ten times the rate while we stand still is said, caught up with, and accounted for to the message", async () => {
  const port = await freePortPair();
  await using rig = await openRig(port, 20);
  const source = { options: { endpoint: `tcp://127.0.0.1:${port}`, continuous: true, heartbeat: false } };
  await using daemon = await startDaemon(port, { source });
  await using viewer = await TestViewer.connect(daemon.streamUrl, "event", "frame");
  await viewer.next("frame", () => true, 0);
  const before = await daemon.status();
  expect(before.source.backlog).toMatchObject({ overloaded: false, overloads: 0 });

  daemon.process.child.kill("SIGSTOP");
  await rig.burst(10, 60);
  daemon.process.child.kill("SIGCONT");
  await viewer.next("event", ({ text }) => text === "source overloaded", 0);
  await viewer.next("event", ({ text }) => text === "source caught up", 0);
  await viewer.next("frame");
  await rig.stop();

  // A last look when nothing comes any more: numbers that are missing at the very end nobody can know.
  await viewer.next("event", ({ text }) => text === "source lost", 0);
  const { source: after, ledger } = await daemon.status();
  expect(after.backlog).toMatchObject({ overloaded: false, overloads: 1 });
  const { messages = 0, missed = 0, spikes = 0 } = after.counters;
  expect(messages + missed).toBe(rig.sent);
  expect(missed).toBeGreaterThan(0);
  expect(spikes).toBe(messages);
  expect(after.counters).toMatchObject({ malformed: 0, duplicates: 0, restarts: 0, unknownUnits: 0 });
  expect(balances(ledger)).toBe(true);
  expect(daemon.process.output).toMatch(/source overloaded: what arrives is \d+ ms old/);
  expect(daemon.process.output).toMatch(/source caught up: after \d+ ms/);
});
