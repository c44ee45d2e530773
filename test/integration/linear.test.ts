import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { balances } from "../../src/ledger.ts";
import { copyFloat32 } from "../../src/protocol/bins.ts";
import {
  daemonConfig,
  freePortPair,
  Running,
  type RunningDaemon,
  startDaemon,
  startRig,
  TINY_LINEAR,
} from "./processes.ts";
import { TestViewer } from "./test-viewer.ts";

let rig: Running;
let daemon: RunningDaemon;

beforeAll(async () => {
  const port = await freePortPair();
  rig = await startRig(port);
  daemon = await startDaemon(port, { bundle: TINY_LINEAR });
});
afterAll(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await rig?.[Symbol.asyncDispose]();
});

describe("a linear bundle, from the rig to a viewer", () => {
  test("frames come with one step of the solver linear, and their stamps in order", async () => {
    await using viewer = await TestViewer.connect(daemon.streamUrl, "frame");
    const hello = await viewer.next("hello", () => true, 0);
    const frame = await viewer.next("frame", () => true, 0);
    expect(hello.bundle).toMatchObject({
      name: "tiny-linear",
      kind: "linear",
      units: 8,
      image: { width: 8, height: 8 },
    });
    expect(frame).toMatchObject({ solver: "linear", steps: 1, guidance: null, width: 8, height: 8 });
    expect(frame.bundle).toBe(hello.bundle.digest);
    expect(frame.image.length).toBe(3 * 8 * 8);
    expect(copyFloat32(frame.mu).length).toBe(8);
    expect(frame.bits.length).toBe(4);
    expect(Object.keys(frame.readouts)).toEqual(["category", "pose", "rotation"]);
    const { closed, dispatched, started, encoded, stepped, synthesised, received, written } = frame.stamps;
    expect(stepped.length).toBe(1);
    const stamps = [closed, dispatched, started, encoded, ...stepped, synthesised, received, written];
    expect(stamps).toEqual([...stamps].sort((a, b) => a - b));
  });

  test("the picture follows the spikes and the steering", async () => {
    await using viewer = await TestViewer.connect(daemon.streamUrl, "frame", "event");
    const first = await viewer.next("frame", () => true, 0);
    await viewer.next("frame", ({ image }) => Buffer.compare(Buffer.from(image), Buffer.from(first.image)) !== 0);
    viewer.send("steer", { gamma: [0, 2, 0, 0] });
    await viewer.next("frame", ({ steering }) => steering[1] === 2);
    viewer.send("steer", { gamma: [0, 0, 0, 0] });
    await viewer.next("frame", ({ steering }) => steering[1] === 0);
  });

  test("it says that it has no process of its own; the ledger balances", async () => {
    const status = await daemon.status();
    expect(status.decoder).toMatchObject({ state: "ready", restarts: 0, pid: null, provider: "in-process" });
    expect(Object.keys(status.decoder.costMs)).toEqual(["1"]);
    expect(status.ledger.frames).toBeGreaterThan(0);
    expect(status.ledger.failed).toBe(0);
    for (let i = 0; i < 20; i++) expect(balances((await daemon.status()).ledger)).toBe(true);
  });
});

test("`phosphene bundle verify` reproduces its golden outputs", async () => {
  await using verify = new Running(["daemon/main.ts", "bundle", "verify", TINY_LINEAR]);
  expect(await verify.exited()).toBe(0);
  expect(verify.output).toMatch(/tiny-linear \w+ reproduces its golden outputs on in-process/);
});

test("a guidance weight in the configuration is refused at start", async () => {
  await expect(startDaemon(await freePortPair(), { bundle: TINY_LINEAR, decode: { guidance: 2 } })).rejects.toThrow(
    /PARAMETER_INVALID.*decode\.guidance: expected null: the bundle has no guidance/,
  );
});

test("a bundle without a session, named on the command line, keeps the configured pictures", async () => {
  const folder = mkdtempSync(join(tmpdir(), "phosphene-linear-"));
  const file = join(folder, "config.yaml");
  writeFileSync(file, stringify(daemonConfig(await freePortPair())));
  await using run = new Running(["daemon/main.ts", "run", "--config", file, "--bundle", TINY_LINEAR]);
  const [, url] = await run.saw(/watching at (\S+)/);
  const picture = await fetch(`${url}/stimuli/animals-0`);
  expect(picture.status).toBe(200);
  expect(picture.headers.get("content-type")).toMatch(/^image\//);
  rmSync(folder, { recursive: true });
});
