import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Delivery, type DeliveryCounts, HIGH_WATER_BYTES, type MessageType } from "../../src/protocol/delivery.ts";
import { parseServerMessage } from "../../src/protocol/parse.ts";

class FakePeer {
  bufferedAmount = 0;
  readonly received: Uint8Array[] = [];
  closedWith: number | null = null;
  onSend: () => void = () => {};
  send(bytes: Uint8Array): void {
    this.received.push(bytes);
    this.onSend();
  }
  close(code: number): void {
    this.closedWith = code;
  }
  stall(): void {
    this.bufferedAmount = HIGH_WATER_BYTES + 1;
  }
  drain(): void {
    this.bufferedAmount = 0;
  }
}

function setup() {
  const peer = new FakePeer();
  const clock = { nowMs: 0 };
  const delivery = new Delivery(peer, () => clock.nowMs);
  return { peer, clock, delivery };
}

function expectIdentity(counts: DeliveryCounts): void {
  expect(counts.offered).toBe(counts.sent + counts.dropped + counts.queued);
}

/** A message whose content does not matter: its first byte is `id`. */
function message(id: number): Uint8Array {
  return Uint8Array.of(id);
}

const ids = (peer: FakePeer) => peer.received.map((bytes) => bytes[0]);
const notices = (peer: FakePeer) =>
  peer.received
    .map((bytes) => parseServerMessage(bytes))
    .flatMap((parsed) => (parsed.ok && parsed.message.type === "dropped" ? [parsed.message] : []));

describe("delivery to a viewer that reads", () => {
  it("sends at once, in the order of the offers within a lane", () => {
    const { peer, delivery } = setup();
    for (let id = 0; id < 5; id++) {
      delivery.offer("frame", message(id));
      delivery.pump();
    }
    expect(ids(peer)).toEqual([0, 1, 2, 3, 4]);
    expect(delivery.counts).toEqual({ offered: 5, sent: 5, dropped: 0, queued: 0 });
    expect(delivery.pending).toBe(false);
  });

  it("hands on the same bytes: frames are encoded once and shared", () => {
    const { peer, delivery } = setup();
    const shared = message(7);
    delivery.offer("frame", shared);
    delivery.pump();
    expect(peer.received[0]).toBe(shared);
  });

  it("sends state messages before pictures", () => {
    const { peer, delivery } = setup();
    delivery.offer("spikes", message(3));
    delivery.offer("latents", message(2));
    delivery.offer("frame", message(1));
    delivery.offer("event", message(0));
    delivery.pump();
    expect(ids(peer)).toEqual([0, 1, 2, 3]);
  });
});

describe("delivery to a viewer that does not read", () => {
  it("keeps the newest frame and latents and the last 16 spikes", () => {
    const { peer, delivery } = setup();
    peer.stall();
    for (let id = 0; id < 20; id++) {
      for (const type of ["frame", "latents", "spikes"] as const) delivery.offer(type, message(id));
      delivery.pump();
    }
    expect(delivery.counts).toEqual({ offered: 60, sent: 0, dropped: 19 + 19 + 4, queued: 18 });
    peer.drain();
    delivery.pump();
    expect(ids(peer).slice(0, 18)).toEqual([19, 19, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
    expect(notices(peer)).toEqual([{ type: "dropped", frames: 19, latents: 19, spikes: 4 }]);
  });

  it("drops pictures and latents that wait when a hello of another bundle comes, and keeps what is no bundle's", () => {
    const { peer, delivery } = setup();
    peer.stall();
    for (const type of ["frame", "latents", "spikes", "event"] as const) delivery.offer(type, message(1));
    delivery.offer("hello", message(2));
    delivery.offer("frame", message(3));
    expect(delivery.counts).toEqual({ offered: 6, sent: 0, dropped: 2, queued: 4 });
    peer.drain();
    delivery.pump();
    expect(ids(peer).slice(0, 4)).toEqual([1, 2, 3, 1]);
    expect(notices(peer)).toEqual([{ type: "dropped", frames: 1, latents: 1, spikes: 0 }]);
  });

  it("stops in the middle of a lane when the socket fills up", () => {
    const { peer, delivery } = setup();
    peer.onSend = () => peer.stall();
    delivery.offer("event", message(0));
    delivery.offer("event", message(1));
    delivery.pump();
    expect(ids(peer)).toEqual([0]);
    expect(delivery.counts.queued).toBe(1);
  });

  it("closes with 1013 when the state lane is full, and counts what was queued as dropped", () => {
    const { peer, delivery } = setup();
    peer.stall();
    for (let id = 0; id < 256; id++) delivery.offer("event", message(id));
    expect(peer.closedWith).toBeNull();
    delivery.offer("event", message(0));
    expect(peer.closedWith).toBe(1013);
    expect(delivery.counts).toEqual({ offered: 257, sent: 0, dropped: 257, queued: 0 });
    expect(delivery.pending).toBe(false);
  });

  it("tells at most twice a second what was dropped, and loses no count between notices", () => {
    const { peer, clock, delivery } = setup();
    for (let tick = 0; tick < 40; tick++) {
      clock.nowMs = tick * 50;
      delivery.offer("frame", message(0));
      delivery.offer("frame", message(1));
      delivery.pump();
    }
    expect(notices(peer).length).toBe(4);
    expect(delivery.pending).toBe(true);
    clock.nowMs += 500;
    delivery.pump();
    expect(notices(peer).reduce((sum, notice) => sum + notice.frames, 0)).toBe(40);
    expect(delivery.pending).toBe(false);
  });

  it("drops what waited past its time instead of sending it, and tells", () => {
    const { peer, clock, delivery } = setup();
    peer.stall();
    delivery.offer("frame", message(1), 40);
    delivery.offer("latents", message(2), 40);
    delivery.offer("spikes", message(3), 41);
    delivery.pump();
    peer.drain();
    clock.nowMs = 41;
    delivery.pump();
    expect(ids(peer)[0]).toBe(3);
    expect(notices(peer)).toEqual([{ type: "dropped", frames: 1, latents: 1, spikes: 0 }]);
    expect(delivery.counts).toEqual({ offered: 4, sent: 2, dropped: 2, queued: 0 });
  });

  it("sends at the very deadline", () => {
    const { peer, clock, delivery } = setup();
    clock.nowMs = 40;
    delivery.offer("frame", message(1), 40);
    delivery.pump();
    expect(ids(peer)).toEqual([1]);
  });

  it("counts offers after close as dropped and sends nothing more", () => {
    const { peer, delivery } = setup();
    delivery.close();
    delivery.offer("frame", message(0));
    delivery.pump();
    expect(peer.received).toEqual([]);
    expect(delivery.counts).toEqual({ offered: 1, sent: 0, dropped: 1, queued: 0 });
  });
});

type Step =
  | { do: "offer"; type: MessageType; viewer: number; lifeMs?: number | undefined }
  | { do: "stall" | "drain" | "pump" | "close"; viewer: number }
  | { do: "wait"; ms: number };

const viewer = fc.nat(2);
const type = fc.constantFrom<MessageType>("frame", "latents", "spikes", "event", "status", "pong");
const lifeMs = fc.option(fc.nat(300), { nil: undefined });
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.record({ do: fc.constant("offer" as const), type, viewer, lifeMs }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constantFrom("stall", "drain", "pump"), viewer }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("close" as const), viewer }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(400) }) },
  ),
  { maxLength: 400 },
);

function apply(step: Step, viewers: ReturnType<typeof setup>[]): void {
  if (step.do === "wait") {
    for (const { clock } of viewers) clock.nowMs += step.ms;
    return;
  }
  const { peer, clock, delivery } = viewers[step.viewer]!;
  if (step.do === "offer")
    delivery.offer(step.type, message(0), step.lifeMs === undefined ? undefined : clock.nowMs + step.lifeMs);
  else if (step.do === "stall") peer.stall();
  else if (step.do === "drain") peer.drain();
  else if (step.do === "pump") delivery.pump();
  else delivery.close();
}

describe("delivery, whatever happens", () => {
  it("offered = sent + dropped + queued at every instant, also inside send; sent is what arrived; queues are bounded", () => {
    fc.assert(
      fc.property(steps, (script) => {
        const viewers = [setup(), setup(), setup()];
        for (const { peer, delivery } of viewers) peer.onSend = () => expectIdentity(delivery.counts);
        for (const step of script) {
          apply(step, viewers);
          for (const { peer, delivery } of viewers) {
            expectIdentity(delivery.counts);
            expect(delivery.counts.sent).toBe(peer.received.length);
            expect(delivery.counts.queued).toBeLessThanOrEqual(1 + 1 + 16 + 256);
          }
        }
      }),
    );
  });

  it("no frame is ever sent after its time", () => {
    fc.assert(
      fc.property(steps, (script) => {
        const viewers = [setup(), setup(), setup()];
        // A frame's bytes say when it expires, ms.
        for (const { peer, clock } of viewers)
          peer.onSend = () => {
            const bytes = peer.received.at(-1)!;
            if (bytes.length === 2) expect(clock.nowMs).toBeLessThanOrEqual(bytes[0]! * 256 + bytes[1]!);
          };
        for (const step of script) {
          if (step.do !== "offer" || step.type !== "frame") apply(step, viewers);
          else {
            const { clock, delivery } = viewers[step.viewer]!;
            const expiresMs = clock.nowMs + (step.lifeMs ?? 0);
            delivery.offer("frame", Uint8Array.of(expiresMs >> 8, expiresMs & 255), expiresMs);
          }
        }
      }),
    );
  });

  it("a stalled viewer changes nothing for another", () => {
    fc.assert(
      fc.property(steps, (script) => {
        const lone = setup();
        const shared = [setup(), setup(), setup()];
        for (const other of shared.slice(1)) other.peer.stall();
        for (const step of script) {
          apply(step, shared);
          if (step.do === "wait" || step.viewer === 0) apply(step, [lone, setup(), setup()]);
        }
        expect(shared[0]!.delivery.counts).toEqual(lone.delivery.counts);
        expect(shared[0]!.peer.received).toEqual(lone.peer.received);
      }),
    );
  });

  it("frames arrive in order and every gap is told once the viewer reads again", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("frame", "stall", "drain"), { maxLength: 200 }), (script) => {
        const { peer, clock, delivery } = setup();
        let seq = 0;
        for (const step of script) {
          clock.nowMs += 10;
          if (step === "stall") peer.stall();
          else if (step === "drain") peer.drain();
          else delivery.offer("frame", message(seq++ % 128));
          delivery.pump();
        }
        peer.drain();
        delivery.pump();
        clock.nowMs += 500;
        delivery.pump();
        const told = notices(peer).reduce((sum, notice) => sum + notice.frames, 0);
        expect(peer.received.filter((bytes) => bytes.length === 1).length).toBe(seq - told);
      }),
    );
  });
});
