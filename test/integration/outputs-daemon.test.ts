import { afterEach, beforeEach, expect, test } from "vitest";
import { OpenEphysPeer, Pty } from "../../bench/outputs/peers.ts";
import { balances } from "../../src/ledger.ts";
import type { OutputBody } from "../../src/protocol/messages.ts";
import { freePortPair, type Running, type RunningDaemon, startDaemon, startRig } from "./processes.ts";
import { TestViewer } from "./test-viewer.ts";

let rig: Running;
let daemon: RunningDaemon | undefined;
let port: number;

beforeEach(async () => {
  port = await freePortPair();
  rig = await startRig(port);
}, 60_000);
afterEach(async () => {
  await daemon?.[Symbol.asyncDispose]();
  daemon = undefined;
  await rig[Symbol.asyncDispose]();
});

/** Polls until it is so: a status is what a rig's software has. */
async function outputs(wanted: (all: Record<string, OutputBody>) => boolean): Promise<Record<string, OutputBody>> {
  for (;;) {
    const status = await daemon!.status();
    expect(balances(status.ledger)).toBe(true);
    const all = Object.fromEntries(status.outputs.map((output) => [output.name, output]));
    for (const { offered, sent, merged, late, failed, pending } of Object.values(all))
      expect(sent + merged + late + failed + pending).toBe(offered);
    if (wanted(all)) return all;
  }
}

test("a running daemon triggers both, and goes on when both are gone", { timeout: 60_000 }, async () => {
  await using pty = await Pty.open();
  const peer = await OpenEphysPeer.open();
  const { endpoint } = peer;
  const late = 5000;
  daemon = await startDaemon(port, {
    decode: { budgetMs: 2000 },
    outputs: {
      serial: { enabled: true, path: pty.path, deadlineMs: late, rules: [{ when: "frame", on: 1, off: null }] },
      networkEvents: {
        ...{ enabled: true, endpoint, deadlineMs: 100, replyMs: 100 },
        rules: [
          { when: "latent:content-1 < 100", line: 9, durationMs: 2 },
          { when: "event:stimulus *", line: 10, durationMs: 2 },
        ],
      },
    },
  });
  await using viewer = await TestViewer.connect(daemon.streamUrl, "frame");
  const { seq } = await viewer.next("frame", () => true, 0);
  await pty.bytes.at(20);
  const lines = async () => {
    for (let i = 0; ; i++) {
      const { what } = await peer.requests.at(i);
      if (what === "TTL Line=10 State=1") return peer.requests.all.map((each) => each.what);
    }
  };
  expect(await lines()).toContain("TTL Line=9 State=0");
  const metrics = await (await fetch(`${daemon.url}/metrics`)).text();
  expect(metrics).toMatch(/phosphene_output_messages_total\{output="serial",outcome="sent"\} [1-9]/);
  expect(metrics).toMatch(/phosphene_output_latency_seconds\{output="networkEvents",quantile="0.99"\} 0\.\d/);

  peer[Symbol.dispose]();
  await pty.tell("unplug");
  const gone = await outputs(({ serial, networkEvents }) => serial!.failed >= 5 && networkEvents!.late >= 1);
  expect(gone.serial!.state).toBe("lost");
  // The loop did not wait for either: frames went on.
  await viewer.next("frame", (frame) => frame.seq > seq + 30, 0);
  await pty.tell("plug");
  const sent = gone.serial!.sent;
  await outputs(({ serial }) => serial!.sent > sent && serial!.state === "connected");
});

test("an output that cannot be opened as configured ends the start, coded", { timeout: 60_000 }, async () => {
  const rules = [{ when: "readout:nothing:x > 1" }];
  const failed = startDaemon(port, { outputs: { serial: { enabled: true, path: "/dev/null", rules } } });
  await expect(failed).rejects.toThrow(
    /\[CONFIG_INVALID\] outputs\.serial\.rules\.0\.when: readout: expected one of category, pose, rotation, got "nothing"/,
  );
});
