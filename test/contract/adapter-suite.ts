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
  text(text: string): Promise<void>;
  /** Something that is not of the format. */
  garbage(): Promise<void>;
}

/** What the suite needs to know of an adapter. Without a peer the adapter makes its own spikes and `stimulus` events. */
export interface AdapterUnderTest<Options> {
  readonly adapter: Adapter<Options>;
  readonly makePeer?: () => Promise<{ peer: Peer; options: unknown }>;
  readonly options?: unknown;
}

const LABELS = ["E1.1", "E2.1", "E3.2"] as const;
const PATIENCE_MS = 8_000;

/** Runs the contract of adapters/define.ts against an adapter: real sockets, no sleeps. */
export function adapterContract<Options>(subject: AdapterUnderTest<Options>): void {
  const { adapter } = subject;
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
  const open = () => adapter.open(adapter.options.parse(raw), contextWith(counters));
  const subscribe = () => {
    session = listen(open());
    return session;
  };
  /** Subscribed, connected, and messages arrive. */
  const live = async (): Promise<Session> => {
    await peer?.start();
    const listening = subscribe();
    await listening.next(isConnection("connected"));
    await deliver(peer, listening);
    return listening;
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
      await Promise.all([next(spikesAtLeast(20)), sendSpikes(peer, 30)]);
      expectWellFormed(seen);
      expect(counters.spikes).toBeGreaterThanOrEqual(20);
      expect(counters.malformed + counters.missed + counters.duplicates + counters.restarts).toBe(0);
    });

    test("text events arrive with their time", async () => {
      const { next } = await live();
      const wanted = next((message) => message.kind === "event" && message.text.startsWith("stimulus s"));
      await peer?.text("stimulus s3");
      const event = await wanted;
      expect(event).toMatchObject({ source: "test", event: "text", text: expect.stringMatching(/^stimulus s\d+$/) });
      expect((event as SourceEvent).time).toBeGreaterThan(0);
    });

    test("after unsubscribing nothing stays alive, and it can be subscribed again", async () => {
      const before = activeHandles();
      const first = await live();
      first.close();
      const count = first.seen.length;
      const second = subscribe();
      await second.next(isConnection("connected"));
      await deliver(peer, second);
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
      const { next, seen } = await live();
      // So many that the numbers of the new acquisition stay below those of the old one.
      await sendSpikes(peer, 5_000);
      await Promise.all([next(isText("the last")), peer?.text("the last")]);
      await Promise.all([next(isConnection("disconnected")), peer?.stop()]);
      const back = next(isConnection("connected"), seen.length);
      await peer?.start();
      await back;
      const mark = seen.length;
      await deliver(peer, { next: (wanted) => next(wanted, mark) });
      expectWellFormed(seen);
      expect(seen.filter(({ kind }) => kind === "restart").length).toBe(1);
      expect(counters).toMatchObject({ restarts: 1, missed: 0, malformed: 0 });
    });

    test("garbage is counted and skipped; what follows arrives", async () => {
      const { next } = await live();
      for (let i = 0; i < 3; i++) await peer?.garbage();
      await Promise.all([next(isText("the last")), peer?.text("the last")]);
      expect(counters.malformed).toBe(3);
    });

    test("spikes of units that the bundle does not know are counted, not delivered", async () => {
      const { next, seen } = await live();
      await peer?.spike("E99.7");
      await Promise.all([next(isText("the last")), peer?.text("the last")]);
      expect(counters.unknownUnits).toBe(1);
      expectWellFormed(seen);
    });
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

function contextWith(counters: SourceCounters): AdapterContext {
  return { source: "test", unitLabels: LABELS, counters, now: () => performance.now(), log: () => {} };
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

async function sendSpikes(peer: Peer | undefined, count: number) {
  for (let i = 0; i < count; i++) await peer?.spike(LABELS[i % LABELS.length] ?? "E1.1");
}

/** A subscription takes effect some time after the handshake: send until the first message is through. */
async function deliver(peer: Peer | undefined, { next }: Pick<Session, "next">): Promise<void> {
  let arrived = false;
  const first = next(({ kind }) => kind === "spikes").finally(() => {
    arrived = true;
  });
  while (peer && !arrived) {
    await peer.spike("E1.1");
    await new Promise(setImmediate);
  }
  await first;
}

/** Sockets and timers that keep the process alive. */
function activeHandles(): number {
  const ours = (name: string) => !["PipeWrap", "MessagePort", "TTYWrap", "Immediate"].includes(name);
  return process.getActiveResourcesInfo().filter(ours).length;
}

function expectWellFormed(seen: readonly SourceMessage[]): void {
  const blocks = seen.filter((message) => message.kind === "spikes");
  expect(blocks.map(({ seq }) => seq)).toEqual(blocks.map((_, index) => index));
  for (const { source, times, units } of blocks) {
    expect(source).toBe("test");
    expect(times.length).toBe(units.length);
    expect(units.every((unit) => unit < LABELS.length)).toBe(true);
    expect(times.every((time) => Number.isFinite(time) && time >= 0)).toBe(true);
  }
  const arrivals = seen.map(({ receivedAtMs }) => receivedAtMs);
  expect(arrivals).toEqual(arrivals.toSorted((a, b) => a - b));
}
