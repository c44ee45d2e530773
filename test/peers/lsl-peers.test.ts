import { randomUUID } from "node:crypto";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { CountBlock, SpikeBlock } from "../../src/signal/types.ts";
import { LslSession } from "./lsl-session.ts";
import { installPeers, LONG, PeerProcess } from "./peer-process.ts";

const SECONDS = LONG ? 300 : 4;
const TIMEOUT_MS = LONG ? 10 * 60_000 : 120_000;
/** Of units 0 to 999 of the peer: `<channel>.<unit>`. */
const UNITS = Array.from({ length: 1000 }, (_, k) => `${Math.floor(k / 10)}.${k % 10}`);
/** On this machine all clocks are one: what liblsl 1.12 and older measured may be off by this, though it does not say so, ms. */
const SAME_MACHINE_MS = 5;

const peers: PeerProcess[] = [];
const sessions: LslSession[] = [];
const closers: (() => Promise<void>)[] = [];
let pylslLibrary = "";

const start = (...args: string[]) => {
  const peer = new PeerProcess(args);
  peers.push(peer);
  return peer;
};
const listen = (...args: ConstructorParameters<typeof LslSession>) => {
  const session = new LslSession(...args);
  sessions.push(session);
  return session;
};

beforeAll(async () => {
  installPeers();
  const peer = start("library");
  pylslLibrary = String((await peer.said("path")).path);
}, 10 * 60_000);

afterEach(async () => {
  for (const session of sessions.splice(0)) session.close();
  for (const close of closers.splice(0)) await close();
  for (const peer of peers.splice(0)) await peer.end();
});

/** Stamps against the peer's: the k-th is t0 + (k + 1) / rate. Largest error, and the largest step back, ms. */
function watchStamps(rate: number) {
  let [k, firstS, least, most, backMs, lastS] = [0, 0, Infinity, -Infinity, 0, -Infinity];
  return {
    see(time: number) {
      if (k === 0) firstS = time;
      const offset = time - (k + 1) / rate;
      least = Math.min(least, offset);
      most = Math.max(most, offset);
      backMs = Math.max(backMs, (lastS - time) * 1000);
      lastS = time;
      k++;
    },
    result: (t0: number) => ({
      samples: k,
      firstS,
      worstMs: Math.max(Math.abs(least - t0), Math.abs(most - t0)) * 1000,
      backMs,
    }),
  };
}

describe.each(["pylsl", "mne-lsl"])("%s outlet -> our inlet", (library) => {
  test.each(["its own liblsl", "the liblsl of lsl.js"])(
    `counts of 1,000 units at 50 Hz for ${SECONDS} s through %s: no sample lost, stamps within the stated uncertainty`,
    { timeout: TIMEOUT_MS },
    async (which) => {
      const sourceId = `peer-${randomUUID()}`;
      const samples = 50 * SECONDS;
      const ids = ["--source-id", sourceId, "--library", library, "--samples", String(samples)];
      // Channels in another order than the bundle's units: they are found by their labels.
      const peer = start("outlet", ...ids, "--units", "1000", "--rate", "50", "--reverse");
      await peer.said("ready");
      const stamps = watchStamps(50);
      let [seen, wrong] = [0, 0];
      const options = { stream: { sourceId }, layout: "counts", bufferMs: 20_000, maxBacklogMs: 10_000 };
      const withLibrary = which.startsWith("its") ? { ...options, library: pylslLibrary } : options;
      const session = listen(withLibrary, UNITS, (block) => {
        const { times, counts, intervalS } = block as CountBlock;
        if (intervalS !== 0.02) wrong++;
        times.forEach((time, i) => {
          stamps.see(time);
          for (let unit = 0; unit < 1000; unit++) {
            const channel = 999 - unit;
            const wanted = channel === 0 ? seen % 30_000 : (seen + channel) % 7;
            if (counts[i * 1000 + unit] !== wanted) wrong++;
          }
          seen++;
        });
      });
      await session.until(() => session.error !== undefined || seen >= samples || wrong > 0);
      expect(session.error).toBeUndefined();
      const { t0, slowest } = await peer.said("sent");
      const { worstMs, backMs } = stamps.result(Number(t0));
      const { uncertaintyMs, counters } = session;
      report(`${library}, counts, ${which}`, {
        samples: seen,
        wrong,
        worstMs,
        uncertaintyMs,
        slowestMs: Number(slowest) * 1000,
      });
      expect({ seen, wrong, backMs }).toEqual({ seen: samples, wrong: 0, backMs: 0 });
      expect(worstMs).toBeLessThanOrEqual(Number.isNaN(uncertaintyMs) ? SAME_MACHINE_MS : uncertaintyMs);
      expect(counters).toMatchObject({ messages: samples, samples, missed: 0, flushed: 0, malformed: 0, restarts: 0 });
    },
  );

  test(`20,000 spikes/s for ${SECONDS} s: none lost, repeated or out of order, stamps within the stated uncertainty`, {
    timeout: TIMEOUT_MS,
  }, async () => {
    const sourceId = `peer-${randomUUID()}`;
    const samples = 20_000 * SECONDS;
    const ids = ["--source-id", sourceId, "--library", library, "--samples", String(samples)];
    const peer = start("outlet", ...ids, "--layout", "events", "--rate", "20000", "--type", "SpikeEvents");
    await peer.said("ready");
    const stamps = watchStamps(20_000);
    let [seen, wrong, blocks, lastSeq] = [0, 0, 0, -1];
    const options = {
      stream: { sourceId, type: "SpikeEvents" },
      bufferEvents: 1_000_000,
      maxBacklogMs: 10_000,
      library: pylslLibrary,
    };
    const session = listen(options, UNITS, (block) => {
      const { times, units, seq } = block as SpikeBlock;
      if (seq !== ++lastSeq) wrong++;
      blocks++;
      times.forEach((time, i) => {
        stamps.see(time);
        if (units[i] !== seen++ % 1000) wrong++;
      });
    });
    await session.until(() => session.error !== undefined || seen >= samples || wrong > 0);
    expect({ error: session.error, wrong, seen }).toEqual({ error: undefined, wrong: 0, seen: samples });
    const { t0, slowest } = await peer.said("sent");
    const { worstMs, backMs } = stamps.result(Number(t0));
    const { uncertaintyMs, counters } = session;
    report(`${library}, 20,000 spikes/s`, {
      samples: seen,
      wrong,
      blocks,
      worstMs,
      uncertaintyMs,
      slowestMs: Number(slowest) * 1000,
    });
    expect({ seen, wrong, backMs }).toEqual({ seen: samples, wrong: 0, backMs: 0 });
    expect(worstMs).toBeLessThanOrEqual(uncertaintyMs);
    expect(counters).toMatchObject({
      messages: samples,
      spikes: samples,
      flushed: 0,
      malformed: 0,
      unknownUnits: 0,
      restarts: 0,
    });
  });
});

test("a peer that crashes is said to be gone at once, and its successor is found and is a restart", {
  timeout: TIMEOUT_MS,
}, async () => {
  const sourceId = `peer-${randomUUID()}`;
  const args = ["outlet", "--source-id", sourceId, "--units", "10", "--samples", "100000"];
  const first = start(...args);
  await first.said("ready");
  let seen = 0;
  const session = listen({ stream: { sourceId }, layout: "counts" }, UNITS.slice(0, 10), () => seen++);
  await session.until(() => seen > 10);
  first.kill();
  await session.until(() => session.states.at(-1) === "disconnected");
  const before = seen;
  const second = start(...args);
  await session.until(() => seen > before + 10);
  second.kill();
  expect(session.states).toEqual(["connecting", "connected", "disconnected", "connected"]);
  expect(session.counters).toMatchObject({ restarts: 1, missed: 0, malformed: 0 });
});

function report(what: string, figures: Record<string, number>): void {
  const shown = Object.entries(figures).map(([name, value]) => `${name} ${Number(value.toFixed(4))}`);
  process.stdout.write(`${what}: ${shown.join(", ")}\n`);
}
