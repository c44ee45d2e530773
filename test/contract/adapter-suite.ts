import { firstValueFrom, type Observable, ReplaySubject, type Subscription } from "rxjs";
import { filter, take, timeout } from "rxjs/operators";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Adapter, AdapterContext } from "../../adapters/define.ts";
import { emptyCounters, type SourceCounters, type SourceEvent, type SourceMessage } from "../../src/signal/types.ts";

/** The other side of a socket adapter, which the suite drives. */
export interface Peer {
  /** Listens, from the start of an acquisition. */
  start(): Promise<void>;
  /** Goes away as a crashed rig does. */
  stop(): Promise<void>;
  /** One spike of the unit, at a source time (s) that grows from call to call. */
  spike(label: string): Promise<void>;
  /** A text event; a format without free text sends a change of a line instead, and resolves with how that reads on arrival. */
  text(text: string): Promise<unknown>;
  /** Something that is not of the format. */
  garbage(): Promise<void>;
}

/** What the suite needs to know of an adapter. Without a peer the adapter makes its own spikes and `stimulus` events. */
export interface AdapterUnderTest<Options> {
  readonly adapter: Adapter<Options>;
  readonly makePeer?: () => Promise<{ peer: Peer; options: unknown }>;
  readonly options?: unknown;
  /** Units of the bundle, three of them, that the peer can let fire. */
  readonly labels?: readonly string[];
  /** What the format cannot do: say free text, send a spike of a unit that the bundle does not know. */
  readonly cannot?: { readonly text?: true; readonly unknownUnits?: true };
}

const LABELS = ["E1.1", "E2.1", "E3.2"] as const;
const PATIENCE_MS = 8_000;

/** Runs the contract of adapters/define.ts against an adapter: real sockets, no sleeps. */
export function adapterContract<Options>(subject: AdapterUnderTest<Options>): void {
  const { adapter, labels = LABELS, cannot = {} } = subject;
  let peer: Peer | undefined;
  let raw: unknown = subject.options ?? {};
  let counters: SourceCounters;
  let session: Session | undefined;

  beforeEach(async () => {
    counters = emptyCounters();
    if (!subject.makePeer) return;
    ({ peer, options: raw } = await subject.makePeer());
  });
  afterEach(async () => {
    session?.close();
    session = undefined;
    await peer?.stop();
  });
  const open = () => adapter.open(adapter.options.parse(raw), contextWith(counters, labels));
  const subscribe = () => {
    session = listen(open());
    return session;
  };
  /** Subscribed, connected, and messages arrive. */
  const live = async (): Promise<Session> => {
    await peer?.start();
    const listening = subscribe();
    await listening.next(isConnection("connected"));
    await deliver(peer, listening, labels);
    return listening;
  };
  /** An event that comes after all that was sent before it. */
  const last = async ({ next, seen }: Session) => {
    const from = seen.length;
    const arrives = await peer?.text("the last");
    await next(isText(typeof arrives === "string" ? arrives : "the last"), from);
  };

  describe(`adapter ${adapter.kind}`, () => {
    test("its options have defaults and refuse unknown keys", () => {
      expect(adapter.options.safeParse({}).success).toBe(true);
      expect(adapter.options.safeParse({ nosuchkey: 1 }).success).toBe(false);
    });

    test("opening does nothing until somebody subscribes", () => {
      const before = activeHandles();
      open();
      expect(activeHandles()).toBe(before);
      expect(counters).toEqual(emptyCounters());
    });

    test("it says connecting, then connected", async () => {
      const { seen } = await live();
      const states = seen.flatMap((message) => (message.kind === "connection" ? [message.state] : []));
      expect(states).toEqual(["connecting", "connected"]);
    });

    test("blocks are well formed", async () => {
      const { seen, next } = await live();
      await Promise.all([next(spikesAtLeast(20)), sendSpikes(peer, labels, 30)]);
      expectWellFormed(seen, labels.length);
      expect(counters.spikes).toBeGreaterThanOrEqual(20);
      expect(counters.malformed + counters.missed + counters.duplicates + counters.restarts).toBe(0);
    });

    test("text events arrive with their time", async () => {
      const { next } = await live();
      const arrives = await peer?.text("stimulus s3");
      const sent = typeof arrives === "string" ? arrives : "stimulus s";
      const event = await next((message) => message.kind === "event" && message.text.startsWith(sent));
      const kind = cannot.text ? "ttl" : "text";
      expect(event).toMatchObject({ source: "test", event: kind, text: expect.stringContaining(sent) });
      expect((event as SourceEvent).time).toBeGreaterThan(0);
    });

    test("after unsubscribing nothing stays alive, and it can be subscribed again", async () => {
      const before = activeHandles();
      const first = await live();
      first.close();
      const count = first.seen.length;
      const second = subscribe();
      await second.next(isConnection("connected"));
      await deliver(peer, second, labels);
      expect(first.seen.length).toBe(count);
      second.close();
      await peer?.stop();
      await expect.poll(activeHandles, { timeout: PATIENCE_MS }).toBeLessThanOrEqual(before);
    });

    if (!subject.makePeer) return;

    test("an absent peer is not an error: it is found when it comes", async () => {
      const { next, seen } = subscribe();
      await next(isConnection("connecting"));
      await Promise.all([next(isConnection("connected")), peer?.start()]);
      expect(seen.every(({ kind }) => kind === "connection")).toBe(true);
    });

    test("a peer that goes away and comes back is said, and a new acquisition is a restart, not a loss", async () => {
      const session = await live();
      const { next, seen } = session;
      // So many that the numbers of the new acquisition stay below those of the old one.
      await sendSpikes(peer, labels, 5_000);
      await last(session);
      await Promise.all([next(isConnection("disconnected")), peer?.stop()]);
      const back = next(isConnection("connected"), seen.length);
      await peer?.start();
      await back;
      const mark = seen.length;
      await deliver(peer, { next: (wanted) => next(wanted, mark) }, labels);
      expectWellFormed(seen, labels.length);
      expect(seen.filter(({ kind }) => kind === "restart").length).toBe(1);
      expect(counters).toMatchObject({ restarts: 1, missed: 0, malformed: 0 });
    });

    test("garbage is counted and skipped; what follows arrives", async () => {
      const session = await live();
      for (let i = 0; i < 3; i++) await peer?.garbage();
      await last(session);
      expect(counters.malformed).toBe(3);
    });

    test.skipIf(cannot.unknownUnits)(
      "spikes of units that the bundle does not know are counted, not delivered",
      async () => {
        const session = await live();
        await peer?.spike("E99.7");
        await last(session);
        expect(counters.unknownUnits).toBe(1);
        expectWellFormed(session.seen, labels.length);
      },
    );
  });
}

interface Session {
  readonly seen: SourceMessage[];
  /** The first message from number `from` on that is wanted, among those seen and those to come. */
  next(wanted: (message: SourceMessage) => boolean, from?: number): Promise<SourceMessage>;
  close(): void;
}

function listen(source$: Observable<SourceMessage>): Session {
  const seen: SourceMessage[] = [];
  const all$ = new ReplaySubject<SourceMessage>();
  const subscription: Subscription = source$.subscribe(all$);
  subscription.add(all$.subscribe({ next: (message) => seen.push(message), error: () => {} }));
  return {
    seen,
    next: (wanted, from = 0) =>
      firstValueFrom(
        all$.pipe(
          filter((message, index) => index >= from && wanted(message)),
          take(1),
          timeout({ first: PATIENCE_MS }),
        ),
      ),
    close: () => subscription.unsubscribe(),
  };
}

function contextWith(counters: SourceCounters, unitLabels: readonly string[]): AdapterContext {
  return { source: "test", unitLabels, counters, now: () => performance.now(), log: () => {} };
}

function isConnection(state: string) {
  return (message: SourceMessage) => message.kind === "connection" && message.state === state;
}

function isText(text: string) {
  return (message: SourceMessage) => message.kind === "event" && message.text === text;
}

function spikesAtLeast(count: number) {
  let sum = 0;
  return (message: SourceMessage) => {
    if (message.kind === "spikes") sum += message.times.length;
    return sum >= count;
  };
}

async function sendSpikes(peer: Peer | undefined, labels: readonly string[], count: number) {
  for (let i = 0; i < count; i++) await peer?.spike(labels[i % labels.length]!);
}

/** A subscription takes effect some time after the handshake: send until the first message is through. */
async function deliver(peer: Peer | undefined, { next }: Pick<Session, "next">, labels: readonly string[]) {
  let arrived = false;
  const first = next(({ kind }) => kind === "spikes").finally(() => {
    arrived = true;
  });
  while (peer && !arrived) {
    await peer.spike(labels[0]!);
    await new Promise(setImmediate);
  }
  await first;
}

/** Sockets and timers that keep the process alive. */
function activeHandles(): number {
  const ours = (name: string) => !["PipeWrap", "MessagePort", "TTYWrap", "Immediate"].includes(name);
  return process.getActiveResourcesInfo().filter(ours).length;
}

function expectWellFormed(seen: readonly SourceMessage[], unitCount: number): void {
  const blocks = seen.filter((message) => message.kind === "spikes");
  expect(blocks.map(({ seq }) => seq)).toEqual(blocks.map((_, index) => index));
  for (const { source, times, units } of blocks) {
    expect(source).toBe("test");
    expect(times.length).toBe(units.length);
    expect(units.every((unit) => unit < unitCount)).toBe(true);
    expect(times.every((time) => Number.isFinite(time) && time >= 0)).toBe(true);
  }
  const arrivals = seen.map(({ receivedAtMs }) => receivedAtMs);
  expect(arrivals).toEqual(arrivals.toSorted((a, b) => a - b));
}
