// Each test is named after the complaint of users of other systems that it answers; the numbers are those of the project's list of them.

import { firstValueFrom, ReplaySubject } from "rxjs";
import { filter, skipWhile, timeout } from "rxjs/operators";
import { expect, test } from "vitest";
import { openEphys } from "../../adapters/open-ephys/adapter.ts";
import { emptyCounters, type SourceCounters, type SourceMessage } from "../../src/signal/types.ts";
import { freePortPair, startRig } from "../integration/processes.ts";
import { openWire, type Wire } from "./wire-publisher.ts";

const many = <T>(count: number, make: () => T) => Array.from({ length: count }, make);

/** Everything that came since the last look, marker included, is in exactly one class. */
async function accounts(wire: Wire, sent: number): Promise<SourceCounters> {
  await wire.settled();
  const delta = wire.delta();
  const { messages, spikes, events, malformed, duplicates, unknownUnits, ignored } = delta;
  expect(messages).toBe(sent + 1);
  expect(spikes + events + malformed + duplicates + unknownUnits + ignored).toBe(messages);
  expect(wire.spikesGivenOn()).toBe(spikes);
  return delta;
}

test("14: timestamps that jump back (acquisition restarted) are a restart, not a loss", async () => {
  await using wire = await openWire();
  await wire.send(...many(200, wire.spike));
  wire.restart();
  await wire.send(...many(100, wire.spike));
  expect(await accounts(wire, 300)).toMatchObject({ restarts: 1, missed: 0, spikes: 300, malformed: 0 });
  const kinds = wire.seen.map(({ kind }) => kind);
  const restart = kinds.lastIndexOf("restart");
  expect(kinds.slice(restart)).toContain("spikes");
  expect(kinds.slice(0, restart)).toContain("spikes");
});

test("12: intermittent, non-obvious data loss is counted to the message", async () => {
  await using wire = await openWire();
  const messages = many(1_000, wire.spike);
  const kept = messages.filter((_, i) => i % 10 !== 3);
  await wire.send(...kept);
  expect(await accounts(wire, kept.length)).toMatchObject({ missed: 100, spikes: 900, restarts: 0, duplicates: 0 });
});

test("11: no drop alarm without a drop: with events alone subscribed, gaps in the numbers are ours", async () => {
  await using wire = await openWire({ continuous: false });
  for (let block = 0; block < 100; block++) await wire.send(wire.spike(), wire.data(), wire.data());
  await wire.settled();
  expect(wire.delta()).toMatchObject({ messages: 101, spikes: 100, missed: 0, restarts: 0, malformed: 0 });
});

test("11: no drop alarm without a drop: messages that overtake one another are taken off the balance", async () => {
  await using wire = await openWire();
  const messages = many(600, wire.spike);
  for (let i = 0; i + 1 < messages.length; i += 3) [messages[i], messages[i + 1]] = [messages[i + 1]!, messages[i]!];
  await wire.send(...messages);
  expect(await accounts(wire, 600)).toMatchObject({ missed: 0, spikes: 600, restarts: 0, duplicates: 0 });
});

test("13: a message that comes twice is one spike", async () => {
  await using wire = await openWire();
  for (const message of many(300, wire.spike)) await wire.send(message, message);
  expect(await accounts(wire, 600)).toMatchObject({ duplicates: 300, spikes: 300, missed: 0, restarts: 0 });
});

test("17: messages that are cut short are counted, and those after them arrive", async () => {
  await using wire = await openWire();
  const messages = many(200, wire.spike).map(([envelope, header, waveform], i) => {
    if (i % 4 === 0) return [envelope, header.subarray(0, header.length - 1 - (i % 50)), waveform];
    if (i % 4 === 1) return [envelope, header, waveform.subarray(0, 40)];
    if (i % 4 === 2) return [envelope, header];
    return [envelope, header, waveform];
  });
  await wire.send(...messages);
  const { malformed, spikes } = await accounts(wire, 200);
  expect([malformed, spikes]).toEqual([150, 50]);
});

test("17: garbage is counted and skipped, the connection survives", async () => {
  await using wire = await openWire();
  const garbage = [["EVENT\0"], ["\0\0", "[1,2", "x"], ["EVENT\0", "null", ""], ["a", "b", "c", "d", "e"], [""]];
  for (let i = 0; i < 50; i++) await wire.send(...garbage, wire.spike());
  expect(await accounts(wire, 300)).toMatchObject({ malformed: 250, spikes: 50, missed: 0, restarts: 0 });
  expect(wire.seen.filter((message) => message.kind === "connection" && message.state === "disconnected")).toEqual([]);
});

test("17: a time stamp of zero now and then is no spike at that time and no restart", async () => {
  await using wire = await openWire();
  const zero = () => {
    const fields = { electrode: "E1", sampleNum: 0, sortedId: 1, threshold: [-50], waveform: new Float32Array(40) };
    return wire.encoder.spike(fields);
  };
  // The clock has to be far from 0.
  await wire.send(...many(200, wire.spike));
  for (let i = 0; i < 20; i++) await wire.send(zero(), wire.spike());
  expect(await accounts(wire, 240)).toMatchObject({ malformed: 20, spikes: 220, restarts: 0, missed: 0 });
});

test("15: whatever the length of a block, spikes and events keep the time of their own sample", async () => {
  await using wire = await openWire();
  const from = wire.seen.length;
  const startsAt = 3_000_000;
  const channel = { channel: 0, channelName: "CH1", sampleRateHz: 30_000 };
  const samples = [0, 1, 1_023, 1_024, 1_025, 5_999].map((offset) => startsAt + offset);
  const fields = { electrode: "E1", sortedId: 1, threshold: [-50], waveform: new Float32Array(40) };
  await wire.send(wire.encoder.data({ ...channel, sampleNum: startsAt, samples: new Float32Array(6_000) }));
  for (const sampleNum of samples) await wire.send(wire.encoder.spike({ ...fields, sampleNum }));
  await wire.send(wire.encoder.text(startsAt + 4_321, "light on"));
  await wire.settled();
  const seen = wire.seen.slice(from);
  const times = seen.flatMap((message) => (message.kind === "spikes" ? [...message.times] : []));
  expect(times).toEqual(samples.map((sample) => sample / 30_000));
  const light = seen.find((message) => message.kind === "event" && message.text === "light on");
  expect(light).toMatchObject({ time: (startsAt + 4_321) / 30_000 });
});

test("names outside ASCII: the plugin cuts the end of such headers; they are malformed, the rest is not lost with them", async () => {
  await using wire = await openWire();
  const encoder = wire.encoder;
  const named = (electrode: string, sampleNum: number) => {
    const fields = { electrode, sampleNum, sortedId: 1, threshold: [-50], waveform: new Float32Array(40) };
    const [envelope, header, waveform] = encoder.spike(fields);
    // As the plugin does it: the length is counted in characters, the text is UTF-8.
    return [envelope, header.subarray(0, header.toString("utf8").length), waveform];
  };
  await wire.send(...many(20, () => named("Électrode", 1_000_000)), named("E1", 1_000_000));
  const { malformed, spikes } = await accounts(wire, 21);
  expect([malformed, spikes]).toEqual([20, 1]);
});

test("3, 25: a burst of ten times the rate is taken whole, and leaves no queue behind", async () => {
  await using wire = await openWire();
  const burst = many(30_000, wire.spike);
  await wire.send(...burst);
  const delta = await accounts(wire, burst.length);
  expect(delta).toMatchObject({ spikes: 30_000, missed: 0, malformed: 0, restarts: 0 });
  // What is sent after the burst is not behind something: the marker of an empty wire comes alone.
  await wire.settled();
  expect(wire.delta().messages).toBe(1);
});

test("2, 18: a rig that hangs without closing (half-open) is said to be gone, and comes back by itself", async () => {
  const port = await freePortPair();
  await using rig = await startRig(port);
  const counters = emptyCounters();
  const labels = Array.from({ length: 8 }, (_, unit) => `E00${unit + 1}.1`);
  const context = { source: "rig", unitLabels: labels, counters, now: () => performance.now(), log: () => {} };
  const all$ = new ReplaySubject<SourceMessage>();
  const options = openEphys.options.parse({ endpoint: `tcp://127.0.0.1:${port}`, continuous: true });
  const subscription = openEphys.open(options, context).subscribe(all$);
  const next = (wanted: (message: SourceMessage) => boolean, after?: SourceMessage) =>
    firstValueFrom(
      all$.pipe(
        skipWhile((message) => after !== undefined && message !== after),
        filter((message) => message !== after && wanted(message)),
        timeout({ first: 10_000 }),
      ),
    );
  const says = (state: string) => (message: SourceMessage) => message.kind === "connection" && message.state === state;
  try {
    await next(({ kind }) => kind === "spikes");
    rig.child.kill("SIGSTOP");
    const gone = await next(says("disconnected"));
    rig.child.kill("SIGCONT");
    const back = await next(says("connected"), gone);
    await next(({ kind }) => kind === "spikes", back);
    expect(counters).toMatchObject({ restarts: 0, malformed: 0, duplicates: 0 });
  } finally {
    subscription.unsubscribe();
  }
});
