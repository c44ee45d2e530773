import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { loadNative } from "../../adapters/lsl/native.ts";
import { type Outlet, type OutletOptions, openOutlet } from "../../adapters/lsl-outlet/outlet.ts";
import { lslIsThere } from "../contract/lsl-peer.ts";
import { LslSession } from "../peers/lsl-session.ts";

const { there, why } = lslIsThere();
const UNITS = ["1.0", "1.1", "1.2"];
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const counts = { format: "int16", channels: 3, rateHz: 50, description: {} } as const;
const events = { format: "int16", channels: 2, rateHz: 0, description: {}, bufferS: 1000 } as const;

async function announce(sourceId: string, options: Omit<OutletOptions, "name" | "type" | "sourceId">): Promise<Outlet> {
  const outlet = await openOutlet(loadNative(), { name: "phosphene-test", type: "Test", sourceId, ...options });
  closers.push(() => outlet.close());
  return outlet;
}

function listen(options: object, onBlock: ConstructorParameters<typeof LslSession>[2] = () => {}): LslSession {
  const session = new LslSession(options, UNITS, onBlock);
  closers.push(() => session.close());
  return session;
}

if (!there) test.skip(`SKIPPED, no liblsl on this machine: ${why}`, () => {});

describe.runIf(there)("LSL inlet, over the network", () => {
  test("a stream of another layout is refused with what was expected and what came", async () => {
    const sourceId = randomUUID();
    await announce(sourceId, counts);
    const session = listen({ stream: { sourceId }, layout: "events" });
    await session.until(() => session.error !== undefined);
    expect(String(session.error)).toContain(
      "[SOURCE_MISMATCH] LSL stream phosphene-test: expected layout events: an irregular rate, numbers, at least the channels [channel, unit], got a rate of 50 Hz, 3 channels of int16",
    );
    expect(session.states).toEqual(["connecting"]);
  });

  test("of two streams that match none is taken, until one is left", async () => {
    const sourceId = randomUUID();
    const [first] = await Promise.all([announce(sourceId, counts), announce(sourceId, counts)]);
    const session = listen({ stream: { sourceId }, layout: "counts" });
    await session.until(() => session.said.some((line) => line.startsWith("2 LSL streams of source_id")));
    expect(session.states).toEqual(["connecting"]);
    await first.close();
    await session.until(() => session.states.at(-1) === "connected");
  });

  test("nothing decoded from stale data: what waited too long is thrown away and counted, to the sample", async () => {
    const sourceId = randomUUID();
    const outlet = await announce(sourceId, events);
    const native = loadNative();
    let newest = 0;
    const session = listen({ stream: { sourceId }, maxBacklogMs: 100 }, ({ times }) => {
      newest = times.at(-1) ?? newest;
    });
    await session.until(() => session.states.at(-1) === "connected");
    while (!outlet.hasConsumers) await new Promise(setImmediate);
    const t0 = Number(native.localClock());
    // Our event loop hangs while 10 s of spikes come in.
    const [samples, spike] = [10_000, Float64Array.of(1, 2)];
    for (let i = 0; i < samples; i++) outlet.pushNumbers(spike, t0 + i / 1000);
    const until = Number(native.localClock()) + 0.5;
    while (Number(native.localClock()) < until);
    await session.until(() => session.counters.messages === samples);
    const { spikes, flushed, malformed } = session.counters;
    expect(flushed).toBeGreaterThan(0);
    expect({ sum: spikes + flushed, malformed }).toEqual({ sum: samples, malformed: 0 });
    expect(newest - t0).toBeCloseTo(9.999, 1);
  });

  test("without liblsl the error says what was tried and how to install it", async () => {
    const session = listen({ library: "/nowhere/liblsl.so" });
    await session.until(() => session.error !== undefined);
    expect(String(session.error)).toContain(
      "[LSL_UNAVAILABLE] liblsl: none found.\n  /nowhere/liblsl.so (option library): ",
    );
    expect(String(session.error)).toContain("To install it:");
  });
});
