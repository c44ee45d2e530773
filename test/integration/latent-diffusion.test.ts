import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { balances } from "../../src/ledger.ts";
import { copyFloat32 } from "../../src/protocol/bins.ts";
import { lslIsThere } from "../contract/lsl-peer.ts";
import { type Running, type RunningDaemon, startDaemon, startRig, TINY_LATENT_DIFFUSION } from "./processes.ts";
import { TestViewer } from "./test-viewer.ts";

const { there, why } = lslIsThere();
const session = join(TINY_LATENT_DIFFUSION, "session");
const name = `scanner-${randomUUID()}`;
/** A volume of the fixture, ms: of a scanner it would last a second. */
const TR_MS = 40;
/** A scanner publishes over LSL; the helpers want a port all the same. */
const UNUSED_PORT = 5556;

let rig: Running;
let daemon: RunningDaemon;

if (!there) test.skip(`SKIPPED, no liblsl on this machine: ${why}`, () => {});

describe.runIf(there)("volumes of a scanner over LSL, from the rig to a viewer", () => {
  beforeAll(async () => {
    rig = await startRig(UNUSED_PORT, "--session", session, "--name", name);
    daemon = await startDaemon(UNUSED_PORT, {
      source: { name: "scanner", kind: "lsl", options: { stream: { name: `${name}-volumes` }, layout: "counts" } },
      bundle: TINY_LATENT_DIFFUSION,
      stimuli: session,
      bins: { silenceMs: 3 * TR_MS },
      decode: { everyBins: 1, budgetMs: TR_MS },
    });
  });
  afterAll(async () => {
    await daemon?.[Symbol.asyncDispose]();
    await rig?.[Symbol.asyncDispose]();
  });

  test("each volume is a bin, each window a picture; bits are missing, and the bundle says why", async () => {
    await using viewer = await TestViewer.connect(daemon.streamUrl, "frame");
    const hello = await viewer.next("hello", () => true, 0);
    expect(hello.bundle).toMatchObject({ kind: "latent-diffusion", units: 8, image: { width: 16, height: 16 } });
    expect(hello.bundle.evidence.missing?.bits).toMatch(/without a posterior/);
    const frame = await viewer.next("frame", () => true, 0);
    expect(frame).toMatchObject({ solver: "ddim", bits: [], history: 0, width: 16, height: 16 });
    expect([1, 2, 4]).toContain(frame.steps);
    expect(frame.bins[1] - frame.bins[0] + 1).toBe(8);
    expect(frame.logvar).toHaveLength(0);
    expect(copyFloat32(frame.mu)).toHaveLength(6);
    expect(frame.explained).toEqual(expect.any(Number));
    expect(frame.atypicality).toEqual(expect.any(Number));
    expect(copyFloat32(frame.readouts.category!)).toHaveLength(4);
    const next = await viewer.next("frame", ({ bins }) => bins[1] > frame.bins[1], 0);
    expect(Buffer.compare(Buffer.from(next.image), Buffer.from(frame.image))).not.toBe(0);
  });

  test("nothing is lost: every sample of the stream is counted, every bin settled once", async () => {
    await using viewer = await TestViewer.connect(daemon.streamUrl, "frame");
    for (let i = 0; i < 40; i++) await viewer.next("frame");
    const status = await daemon.status();
    expect(balances(status.ledger)).toBe(true);
    expect(status.ledger.frames).toBeGreaterThanOrEqual(40);
    expect(status.source.counters).toMatchObject({ malformed: 0, missed: 0, flushed: 0, unknownUnits: 0 });
    expect(status.source.counters.samples).toBeGreaterThanOrEqual(status.ledger.frames);
    expect(status.source.state).toBe("live");
  });

  test("a picture names what the rig says is shown, by the road of clients", async () => {
    const other = `${name}-telling`;
    await using _ = await startRig(UNUSED_PORT, "--session", session, "--name", other, "--events", daemon.url);
    await using viewer = await TestViewer.connect(daemon.streamUrl, "frame", "event");
    const said = await viewer.next("event", ({ text }) => text.startsWith("stimulus ") && text !== "stimulus blank", 0);
    const frame = await viewer.next("frame", ({ event }) => event !== null && event.n >= said.n, 0);
    expect(frame.event!.text).toMatch(/^stimulus (animals-0|boats-1|cars-2|chairs-3|blank)$/);
  });

  test("a scanner that stops is lost", async () => {
    await using viewer = await TestViewer.connect(daemon.streamUrl, "status");
    expect(await rig.stop()).toBe(0);
    await viewer.next("status", ({ source }) => source.state === "lost", 0);
    expect(balances((await daemon.status()).ledger)).toBe(true);
  });
});
