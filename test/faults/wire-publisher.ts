import { setTimeout as after } from "node:timers/promises";
import { ReplaySubject } from "rxjs";
import { Publisher } from "zeromq";
import { openEphys } from "../../adapters/open-ephys/adapter.ts";
import { createEncoder, type Encoder, type Frames } from "../../adapters/open-ephys/encode.ts";
import { emptyCounters, type SourceCounters, type SourceMessage } from "../../src/signal/types.ts";
import { freePortPair } from "../contract/open-ephys-peer.ts";

export const LABELS = ["E1.1", "E2.1", "E3.2"];
const PATIENCE_MS = 10_000;

/** Our adapter on one side of a real ZeroMQ connection, a publisher that misbehaves on demand on the other. */
export interface Wire extends AsyncDisposable {
  readonly counters: SourceCounters;
  readonly seen: readonly SourceMessage[];
  /** Messages as the plugin would send them; numbers go on from one to the next. */
  encoder: Encoder;
  /** The next spike, 10 ms after the last. */
  spike(): Frames;
  data(): Frames;
  send(...messages: readonly (readonly (Uint8Array | string)[])[]): Promise<void>;
  /** A new acquisition: numbers from 0, samples too. */
  restart(): void;
  /** Resolves once everything sent before has arrived. */
  settled(): Promise<void>;
  next(wanted: (message: SourceMessage) => boolean, from?: number): Promise<SourceMessage>;
  /** What was counted since the last call. */
  delta(): SourceCounters;
  /** Spikes that were given on since the last call. */
  spikesGivenOn(): number;
}

export async function openWire(options: Record<string, unknown> = {}): Promise<Wire> {
  const endpoint = `tcp://127.0.0.1:${await freePortPair()}`;
  const publisher = new Publisher({ linger: 0, sendHighWaterMark: 0 });
  await publisher.bind(endpoint);
  const counters = emptyCounters();
  const context = { source: "rig", unitLabels: LABELS, counters, now: () => performance.now(), log: () => {} };
  const all$ = new ReplaySubject<SourceMessage>();
  const seen: SourceMessage[] = [];
  all$.subscribe((message) => void seen.push(message));
  const parsed = openEphys.options.parse({ endpoint, heartbeat: false, continuous: true, ...options });
  const subscription = openEphys.open(parsed, context).subscribe(all$);

  const newEncoder = () => createEncoder({ stream: "Rhythm Data", sourceNode: 103, wallClockMs: Date.now });
  let sampleNum = 0;
  let markers = 0;
  let before = { ...counters };
  let givenOn = 0;
  const wire: Wire = {
    counters,
    seen,
    encoder: newEncoder(),
    spike() {
      sampleNum += 300;
      const fields = { electrode: "E1", sampleNum, sortedId: 1, threshold: [-50], waveform: new Float32Array(40) };
      return wire.encoder.spike(fields);
    },
    data() {
      sampleNum += 300;
      const channel = { channel: 0, channelName: "CH1", sampleRateHz: 30_000, samples: new Float32Array(300) };
      return wire.encoder.data({ ...channel, sampleNum });
    },
    async send(...messages) {
      for (const frames of messages) await publisher.send([...frames]);
    },
    restart() {
      wire.encoder = newEncoder();
      sampleNum = 0;
    },
    async settled() {
      const text = `marker ${markers++}`;
      const from = seen.length;
      await wire.send(wire.encoder.text(sampleNum, text));
      await wire.next((message) => message.kind === "event" && message.text === text, from);
    },
    next(wanted, from = 0) {
      return new Promise((resolve, reject) => {
        let index = 0;
        const late = setTimeout(() => reject(new Error(`waited in vain; seen: ${summary(seen)}`)), PATIENCE_MS);
        const watch = all$.subscribe((message) => {
          if (index++ < from || !wanted(message)) return;
          clearTimeout(late);
          queueMicrotask(() => watch.unsubscribe());
          resolve(message);
        });
      });
    },
    delta() {
      const pairs = Object.entries(counters).map(([key, value]) => [key, value - before[key as keyof SourceCounters]]);
      before = { ...counters };
      return Object.fromEntries(pairs) as unknown as SourceCounters;
    },
    spikesGivenOn() {
      const total = seen.reduce((sum, message) => sum + (message.kind === "spikes" ? message.times.length : 0), 0);
      const fresh = total - givenOn;
      givenOn = total;
      return fresh;
    },
    async [Symbol.asyncDispose]() {
      subscription.unsubscribe();
      publisher.close();
      await after(0);
    },
  };
  // A subscription takes effect some time after the handshake.
  while (counters.messages === 0) {
    await wire.send(wire.spike());
    await after(5);
  }
  await wire.settled();
  wire.delta();
  wire.spikesGivenOn();
  return wire;
}

function summary(seen: readonly SourceMessage[]): string {
  return seen
    .slice(-10)
    .map((message) => (message.kind === "connection" ? message.state : message.kind))
    .join(", ");
}
