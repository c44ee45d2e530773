import { once } from "node:events";
import { expect, test, vi } from "vitest";
import { balances } from "../../src/ledger.ts";
import { freePortPair, startDaemon, startRig } from "../integration/processes.ts";
import { TestViewer } from "../integration/test-viewer.ts";

test("SIGTERM: viewers are told, parts stop in order, exit code 0", async () => {
  const port = await freePortPair();
  await using _rig = await startRig(port);
  await using daemon = await startDaemon(port);
  await using viewer = await TestViewer.connect(daemon.streamUrl, "frame");
  await viewer.next("frame", () => true, 0);
  const closed = once(viewer.socket, "close");
  expect(await daemon.process.stop("SIGTERM")).toBe(0);
  expect((await closed)[0]).toBe(1001);
  const order = [...daemon.process.output.matchAll(/stopping: (\w+)/g)].map(([, part]) => part);
  expect(order).toEqual(["source", "decoder", "server"]);
});

test("SIGTERM while a window is decoded: the decoder process ends without a trace on the terminal", async () => {
  const port = await freePortPair();
  await using _rig = await startRig(port);
  await using daemon = await startDaemon(
    port,
    { decode: { budgetMs: 5000, everyBins: 1 } },
    { PHOSPHENE_FAULT: "slow:300:1" },
  );
  await vi.waitUntil(async () => (await daemon.status()).ledger.inFlight > 0);
  expect(await daemon.process.stop("SIGTERM")).toBe(0);
  expect(daemon.process.output).not.toMatch(/EPIPE|\n\s+at /);
});

test("SIGINT stops rig and daemon cleanly", async () => {
  const port = await freePortPair();
  await using rig = await startRig(port);
  await using daemon = await startDaemon(port);
  expect(await daemon.process.stop("SIGINT")).toBe(0);
  expect(await rig.stop("SIGINT")).toBe(0);
});

test("a rig that dies is lost within two bins and recovers by itself", async () => {
  const port = await freePortPair();
  await using rig = await startRig(port);
  await using daemon = await startDaemon(port);
  await using viewer = await TestViewer.connect(daemon.streamUrl, "frame", "event");
  await viewer.next("frame", () => true, 0);
  await rig.stop("SIGKILL");
  await viewer.next("event", ({ text }) => text === "source lost", 0);
  const lost = await daemon.status();
  expect(lost.source.state).toBe("lost");
  expect(balances(lost.ledger)).toBe(true);
  await using _again = await startRig(port);
  await viewer.next("event", ({ text }) => text === "source live");
  await viewer.next("frame");
  const back = await daemon.status();
  expect(back.source.state).toBe("live");
  expect(back.source.counters.missed).toBe(0);
  expect(back.ledger.gated).toBeGreaterThan(lost.ledger.gated);
  expect(balances(back.ledger)).toBe(true);
});

test("a killed decoder process is restarted: bins in between are failed, frames resume, the ledger balances", async () => {
  const port = await freePortPair();
  await using _rig = await startRig(port);
  await using daemon = await startDaemon(port);
  await using viewer = await TestViewer.connect(daemon.streamUrl, "frame", "event");
  const before = await viewer.next("frame", () => true, 0);
  process.kill((await daemon.status()).decoder.pid!, "SIGKILL");
  await viewer.next("event", ({ text }) => text === "decoder restarting", 0);
  await viewer.next("event", ({ text }) => text === "decoder ready");
  const after = await viewer.next("frame");
  const status = await daemon.status();
  expect(after.seq).toBeGreaterThan(before.seq);
  expect(status.decoder.restarts).toBe(1);
  expect(status.ledger.failed).toBeGreaterThan(0);
  expect(balances(status.ledger)).toBe(true);
});

test("a decoder process that hangs is killed and restarted", async () => {
  const port = await freePortPair();
  await using _rig = await startRig(port);
  await using daemon = await startDaemon(port, { decode: { stallMs: 300 } });
  await using viewer = await TestViewer.connect(daemon.streamUrl, "frame", "event");
  await viewer.next("frame", () => true, 0);
  process.kill((await daemon.status()).decoder.pid!, "SIGSTOP");
  await viewer.next("event", ({ text }) => text === "decoder restarting", 0);
  await viewer.next("event", ({ text }) => text === "decoder ready");
  await viewer.next("frame");
  expect(balances((await daemon.status()).ledger)).toBe(true);
});

test("a daemon that is killed takes its decoder process with it, which waits in a blocking call", async () => {
  const port = await freePortPair();
  await using _rig = await startRig(port);
  await using daemon = await startDaemon(port);
  await using viewer = await TestViewer.connect(daemon.streamUrl, "frame");
  await viewer.next("frame", () => true, 0);
  // Resolves when the output is closed, which the decoder process shares.
  expect(await daemon.process.stop("SIGKILL")).toBe("SIGKILL");
});
