import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { OutputBooks } from "../../daemon/outputs/books.ts";
import { type PulseRule, Pulses } from "../../daemon/outputs/pulses.ts";
import { TooLate, Unanswered, type Wire } from "../../src/outputs/wire.ts";
import type { FrameBody } from "../../src/protocol/messages.ts";
import { SERVER } from "../golden/protocol-messages.ts";

/** A wire in virtual time: each command is answered when the test says so. */
class ByHand implements Wire {
  readonly log: string[] = [];
  readonly #answers: { resolve: (handedMs: number) => void; reject: (error: Error) => void }[] = [];
  raise(line: string): Promise<number> {
    return this.#command(`${line} up`);
  }
  lower(line: string): Promise<number> {
    return this.#command(`${line} down`);
  }
  async answer(outcome?: Error): Promise<void> {
    const { resolve, reject } = this.#answers.shift()!;
    if (outcome === undefined) resolve(Date.now());
    else reject(outcome);
    await vi.advanceTimersByTimeAsync(0);
  }
  #command(what: string): Promise<number> {
    this.log.push(`${what} at ${Date.now()}`);
    return new Promise((resolve, reject) => this.#answers.push({ resolve, reject }));
  }
}

let wire: ByHand;
let books: OutputBooks;

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  wire = new ByHand();
  books = new OutputBooks(60, Date.now);
});
afterEach(() => {
  const { offered, sent, merged, late, failed, pending } = books.counts();
  expect(sent + merged + late + failed + pending).toBe(offered);
  vi.useRealTimers();
});

function pulsesOf(...rules: Partial<PulseRule>[]): Pulses {
  const whole = { when: "explained > 0.5", onset: false, line: "1", durationMs: 10 };
  return new Pulses(
    rules.map((rule) => ({ ...whole, ...rule })),
    SERVER.hello.bundle,
    wire,
    { books, now: Date.now, where: "test" },
  );
}

/** A frame whose bin closes now. */
function frame(of: Partial<FrameBody> = {}): FrameBody {
  return { ...SERVER.frame, stamps: { ...SERVER.frame.stamps, closed: Date.now() }, ...of };
}

test("a pulse rises, lasts from its hand-over, and falls", async () => {
  const pulses = pulsesOf({});
  pulses.frame(frame());
  await vi.advanceTimersByTimeAsync(3);
  await wire.answer();
  expect(books.counts()).toMatchObject({ offered: 1, sent: 1, pending: 0, lastMs: 3 });
  await vi.advanceTimersByTimeAsync(10);
  await wire.answer();
  expect(wire.log).toEqual(["1 up at 0", "1 down at 13"]);
  pulses.frame(frame({ explained: 0.4 }));
  expect(books.counts().offered).toBe(1);
});

test("what fires while its line is high prolongs it and is merged", async () => {
  const pulses = pulsesOf({}, { when: "state:ok", durationMs: 4 });
  pulses.frame(frame());
  await wire.answer();
  await vi.advanceTimersByTimeAsync(8);
  pulses.frame(frame());
  await vi.advanceTimersByTimeAsync(9);
  expect(wire.log).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(wire.log).toEqual(["1 up at 0", "1 down at 18"]);
  expect(books.counts()).toMatchObject({ offered: 4, sent: 1, merged: 3 });
});

test("onset: only where it was not true of the frame before", async () => {
  const pulses = pulsesOf({ onset: true, durationMs: null });
  for (const explained of [0.6, 0.7, 0.2, 0.9]) {
    pulses.frame(frame({ explained }));
    if (wire.log.length > books.counts().sent) await wire.answer();
  }
  expect(books.counts()).toMatchObject({ offered: 2, sent: 2 });
});

test("lines are apart; events fire theirs", async () => {
  const pulses = pulsesOf({ line: "7" }, { when: "event:stimulus *", line: "8" });
  pulses.frame(frame());
  pulses.event(SERVER.event, Date.now());
  expect(wire.log).toEqual(["7 up at 0", "8 up at 0"]);
});

test("a frame after its deadline is late, without a word to the wire; one that waited there too long as well", async () => {
  const pulses = pulsesOf({});
  const old = frame();
  await vi.advanceTimersByTimeAsync(61);
  pulses.frame(old);
  expect(wire.log).toEqual([]);
  expect(books.counts()).toMatchObject({ offered: 1, late: 1, pending: 0 });
  pulses.frame(frame());
  await wire.answer(new TooLate("others were not answered in time"));
  expect(books.counts()).toMatchObject({ offered: 2, late: 2 });
  await vi.advanceTimersByTimeAsync(1000);
  expect(wire.log).toEqual(["1 up at 61"]);
});

test("a held frame has the deadline of the bin that it is shown for, not of its picture's", async () => {
  const pulses = pulsesOf({ when: "state:held" });
  const old = frame({ state: "held", held: { seq: 1, bin: 102, ageMs: 80 } });
  await vi.advanceTimersByTimeAsync(80);
  pulses.frame({ ...old, deadlineMs: Date.now() + 50, budgetMs: 50 });
  expect(books.counts()).toMatchObject({ late: 0, pending: 1 });
});

test("a line that nobody answered for is lowered until somebody does, and can be raised again meanwhile", async () => {
  const pulses = pulsesOf({});
  pulses.frame(frame());
  await vi.advanceTimersByTimeAsync(100);
  await wire.answer(new Unanswered("no answer"));
  expect(books.counts()).toMatchObject({ failed: 1, pending: 0 });
  await wire.answer(new Error("no peer"));
  expect(pulses.stuck).toBe(1);
  await vi.advanceTimersByTimeAsync(500);
  await wire.answer(new Error("no peer"));
  expect(wire.log).toEqual(["1 up at 0", "1 down at 100", "1 down at 600"]);
  pulses.frame(frame());
  await wire.answer();
  await vi.advanceTimersByTimeAsync(10);
  await wire.answer();
  expect(pulses.stuck).toBe(0);
  expect(wire.log.slice(3)).toEqual(["1 up at 600", "1 down at 610"]);
  await vi.advanceTimersByTimeAsync(5000);
  expect(wire.log).toHaveLength(5);
});

test("a line that surely did not rise is left alone", async () => {
  const pulses = pulsesOf({});
  pulses.frame(frame());
  await wire.answer(new Error("InvalidChannel"));
  await vi.advanceTimersByTimeAsync(5000);
  expect(wire.log).toEqual(["1 up at 0"]);
  expect(books).toMatchObject({ detail: "InvalidChannel" });
});

test("the end lowers what is high, once, and fires nothing more", async () => {
  const pulses = pulsesOf({}, { line: "2", when: "event:x" });
  pulses.frame(frame());
  await wire.answer();
  const closed = pulses.close();
  pulses.frame(frame());
  expect(wire.log).toEqual(["1 up at 0", "1 down at 0"]);
  await wire.answer(new Error("no peer"));
  await closed;
  await vi.advanceTimersByTimeAsync(5000);
  expect(wire.log).toHaveLength(2);
  expect(books.counts().offered).toBe(1);
});

test("rules are bound to another bundle when it takes over, and what goes on being true is no onset", async () => {
  const pulses = pulsesOf({ when: "readout:category:house > 0.5", onset: true });
  pulses.frame(frame());
  await wire.answer();
  expect(books.counts().offered).toBe(1);
  const { bundle } = SERVER.hello;
  const [category] = bundle.readouts;
  const swapped = { ...bundle, readouts: [{ ...category!, labels: ["house", "face"] }] };
  const prepared = pulses.prepare(swapped);
  pulses.frame(frame());
  expect(books.counts().offered).toBe(1);
  prepared.commit();
  const readouts = { category: new Uint8Array(Float32Array.of(0.9, 0.1).buffer) };
  pulses.frame(frame({ readouts }));
  expect(books.counts().offered).toBe(1);
  pulses.frame(frame());
  pulses.frame(frame({ readouts }));
  expect(books.counts()).toMatchObject({ offered: 2, merged: 1 });
  expect(() => pulses.prepare({ ...bundle, readouts: [] })).toThrow(/CONFIG_INVALID.*test\.rules\.0\.when: readout/);
});
