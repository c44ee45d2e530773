import { randomUUID } from "node:crypto";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { loadNative } from "../../adapters/lsl/native.ts";
import { type DecodedOutlets, openDecodedOutlets } from "../../adapters/lsl-outlet/decoded.ts";
import { installPeers, type Line, PeerProcess } from "./peer-process.ts";

const TIMEOUT_MS = 120_000;
const FRAME = { state: "ok", bits: [3, 4], explained: 0.5, atypicality: 1.5, deadlineMs: 100_100 };

const peers: PeerProcess[] = [];
let outlets: DecodedOutlets | undefined;

beforeAll(installPeers, 10 * 60_000);
afterEach(async () => {
  await outlets?.close();
  for (const peer of peers.splice(0)) await peer.end();
});

const stampsOf = (line: Line) => line.stamps as number[];
const samplesOf = (line: Line) => line.samples as unknown[][];
const labelsOf = (line: Line) => (line.channels as { label: string }[]).map(({ label }) => label);

describe.each(["pylsl", "mne-lsl"])("our outlets -> %s inlet", (library) => {
  const read = async (sourceId: string, samples: number) => {
    const peer = new PeerProcess([
      "inlet",
      "--library",
      library,
      "--source-id",
      sourceId,
      "--samples",
      String(samples),
    ]);
    peers.push(peer);
    await peer.said("connected");
    return () => peer.said("samples");
  };

  test("latents, evidence and markers are read with their metadata", { timeout: TIMEOUT_MS }, async () => {
    const name = `phosphene-test-${randomUUID()}`;
    const session = {
      name,
      session: "a-session",
      bundle: { name: "a-bundle", digest: "abc" },
      binMs: 20,
      everyBins: 2,
    };
    const groups = [
      { name: "shape", size: 2 },
      { name: "colour", size: 1 },
    ];
    outlets = await openDecodedOutlets(loadNative(), { ...session, groups }, (ms) => ms / 1000);
    const wanted = { latents: 4, evidence: 4, markers: 5 };
    const readers = Object.entries(wanted).map(([what, samples]) => read(`phosphene:${name}:${what}`, samples));
    const [latents, evidence, markers] = await Promise.all(readers);
    while (outlets.consumers < 3) await new Promise(setImmediate);
    outlets.frame({ ...FRAME, seq: 0, mu: Float32Array.of(1, 2, 3), bins: [0, 4], endMs: 1e5, writtenMs: 100_030 });
    outlets.shown(0, 100_047);
    // The frame of bin 6 was not decoded: its place is kept.
    const second = { ...FRAME, seq: 1, mu: Float32Array.of(4, 5, 6), bins: [4, 8] as const };
    outlets.frame({ ...second, endMs: 100_080, writtenMs: 100_110.126 });
    outlets.held(2, 1, 38.126, 100_118.126);
    // As if the bundle could not tell them.
    const missing = { bits: [], atypicality: null };
    const third = { ...FRAME, ...missing, seq: 3, mu: Float32Array.of(7, 8, 9), bins: [6, 10] as const };
    outlets.frame({ ...third, endMs: 100_120, writtenMs: 100_130 });

    const latent = await latents!();
    expect(latent).toMatchObject({ name: `${name}-latents`, type: "Latents", rate: 25 });
    expect(samplesOf(latent)).toEqual([
      [1, 2, 3],
      [null, null, null],
      [4, 5, 6],
      [7, 8, 9],
    ]);
    expect(stampsOf(latent)).toEqual([100, 100.04, 100.08, 100.12].map((stamp) => expect.closeTo(stamp, 6)));
    expect(labelsOf(latent)).toEqual(["shape.0", "shape.1", "colour.0"]);

    const evident = await evidence!();
    expect(evident).toMatchObject({ type: "Evidence", rate: 25 });
    expect(labelsOf(evident)).toEqual(["bits.shape", "bits.colour", "explained", "atypicality"]);
    expect(samplesOf(evident)[0]).toEqual([3, 4, 0.5, 1.5]);
    expect(samplesOf(evident)[3]).toEqual([null, null, 0.5, null]);

    const marked = await markers!();
    expect(marked).toMatchObject({ type: "Markers", rate: 0 });
    expect(samplesOf(marked).map(([text]) => JSON.parse(String(text)))).toEqual([
      { marker: "frame", seq: 0, state: "ok", deadline: "met", bins: [0, 4], lateMs: -70 },
      { marker: "shown", seq: 0 },
      { marker: "frame", seq: 1, state: "ok", deadline: "missed", bins: [4, 8], lateMs: 10.13 },
      { marker: "held", seq: 2, of: 1, ageMs: 38.13 },
      { marker: "frame", seq: 3, state: "ok", deadline: "missed", bins: [6, 10], lateMs: 30 },
    ]);
    expect(stampsOf(marked)[1]).toBeCloseTo(100.047, 9);
    if (library !== "pylsl") return; // mne-lsl shows labels, units and types only
    expect(latent).toMatchObject({ manufacturer: "Phosphene", session: "a-session" });
    expect(latent.channels).toMatchObject([{ group: "shape", unit: "a.u." }, { group: "shape" }, { group: "colour" }]);
  });

  test("another bundle: of other groups it has streams of its own, of the same groups those go on", {
    timeout: TIMEOUT_MS,
  }, async () => {
    const name = `phosphene-test-${randomUUID()}`;
    const groups = [{ name: "shape", size: 2 }];
    const session = { name, session: "s", bundle: { name: "one", digest: "1" }, groups, binMs: 20, everyBins: 1 };
    outlets = await openDecodedOutlets(loadNative(), session, (ms) => ms / 1000);
    const [markers, first] = await Promise.all([
      read(`phosphene:${name}:markers`, 5),
      read(`phosphene:${name}:latents`, 2),
    ]);
    while (outlets.consumers < 2) await new Promise(setImmediate);
    const frame = (seq: number, ...mu: number[]) => {
      const at = { bins: [seq, seq + 4] as const, endMs: 1e5 + 20 * seq, writtenMs: 1e5 + 20 * seq + 30 };
      outlets!.frame({ ...FRAME, bits: [1], seq, mu: Float32Array.from(mu), ...at });
    };
    frame(0, 1, 2);
    (await outlets.prepare({ name: "two", digest: "2" }, groups)).commit(100_031);
    frame(1, 3, 4);
    expect(samplesOf(await first())).toEqual([
      [1, 2],
      [3, 4],
    ]);
    const other = await outlets.prepare({ name: "three", digest: "3" }, [{ name: "colour", size: 1 }]);
    const second = await read(`phosphene:${name}:latents:three`, 1);
    other.commit(100_061);
    while (outlets.consumers < 2) await new Promise(setImmediate);
    frame(2, 5);
    const latent = await second();
    expect(labelsOf(latent)).toEqual(["colour.0"]);
    expect(samplesOf(latent)).toEqual([[5]]);
    const said = samplesOf(await markers()).map(([text]) => JSON.parse(String(text)));
    expect(said.map(({ marker, bundle }) => bundle ?? marker)).toEqual(["frame", "two", "frame", "three", "frame"]);
  });

  test("a decoder without latents has evidence and no stream of latents", { timeout: TIMEOUT_MS }, async () => {
    const name = `phosphene-test-${randomUUID()}`;
    const session = { name, session: "s", bundle: { name: "b", digest: "d" }, groups: [], binMs: 20, everyBins: 1 };
    outlets = await openDecodedOutlets(loadNative(), session, (ms) => ms / 1000);
    const evidence = await read(`phosphene:${name}:evidence`, 1);
    while (outlets.consumers < 1) await new Promise(setImmediate);
    const bare = { ...FRAME, bits: [], atypicality: null, mu: new Float32Array(0) };
    outlets.frame({ ...bare, seq: 0, bins: [0, 4], endMs: 1e5, writtenMs: 100_030 });
    const evident = await evidence();
    expect(labelsOf(evident)).toEqual(["explained", "atypicality"]);
    expect(samplesOf(evident)).toEqual([[0.5, null]]);
  });
});
