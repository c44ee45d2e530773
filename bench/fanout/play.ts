import { monotonicMs } from "../../daemon/monotonic.ts";
import { balances } from "../../src/ledger.ts";
import type { StatusBody, ViewerCounts } from "../../src/protocol/messages.ts";
import { parseTrace, type TraceBody } from "../../src/protocol/trace.ts";
import { FrameWatch } from "../latency/watch.ts";
import type { System } from "../system.ts";
import { Crowd } from "./crowd-process.ts";

export const PHASES = ["alone", "crowd", "stopped"] as const;
export type Phase = (typeof PHASES)[number];

export interface FanoutWanted {
  readonly viewers: number;
  /** Frames of a phase. */
  readonly frames: number;
  readonly rounds: number;
  readonly nice: number;
}

/** What the crowd got in a phase, by the daemon's count. */
export interface Delivered {
  readonly phase: Phase;
  readonly offered: number;
  readonly sent: number;
  readonly dropped: number;
  /** By its own count every member had received, at one moment, as many messages as the daemon had sent it since it connected. */
  readonly exact: boolean;
}

export interface Played {
  /** Daemon ms, first and last moment. */
  readonly spans: readonly { phase: Phase; fromMs: number; toMs: number }[];
  readonly delivered: readonly Delivered[];
  /** Messages that the stopped viewers did not get. */
  readonly lostByStopped: number;
  /** Polls of `/status` in which the identities of the ledger and of every viewer held: all of them, or it throws. */
  readonly polls: number;
  readonly trace: TraceBody;
}

const WARM_UP_FRAMES = 50;
const SETTLE_FRAMES = 10;
const LIMIT_MS = 120_000;
const ATTEMPTS = 300;

/** Plays all rounds against one daemon. The reference viewer is there from the beginning to the end. */
export async function play(system: System, wanted: FanoutWanted): Promise<Played> {
  const session = new Session(system, wanted, await FrameWatch.connect(system.streamUrl));
  try {
    await session.frames(WARM_UP_FRAMES);
    for (let round = 0; round < wanted.rounds; round++) await session.round();
    return await session.played();
  } finally {
    await session.reference[Symbol.asyncDispose]();
  }
}

class Session {
  readonly reference: FrameWatch;
  readonly #system: System;
  readonly #wanted: FanoutWanted;
  readonly #spans: { phase: Phase; fromMs: number; toMs: number }[] = [];
  readonly #delivered: Delivered[] = [];
  /** Counts of every viewer at the beginning of the phase: what was lost while others connected is not its doing. */
  #start = new Map<number, ViewerCounts>();
  #lostByStopped = 0;
  #polls = 0;

  constructor(system: System, wanted: FanoutWanted, reference: FrameWatch) {
    this.#system = system;
    this.#wanted = wanted;
    this.reference = reference;
  }

  async frames(count: number): Promise<void> {
    await this.reference.reached(this.reference.lastSeq + count, LIMIT_MS);
  }

  async round(): Promise<void> {
    const { viewers, nice } = this.#wanted;
    await this.#phase("alone");
    await using crowd = await Crowd.join(this.#system.streamUrl, viewers, nice);
    await this.#phase("crowd");
    await this.#count("crowd", crowd);
    await using stopped = await Crowd.join(this.#system.streamUrl, 1, nice);
    await this.frames(SETTLE_FRAMES);
    stopped.stopDead();
    await this.#phase("stopped");
    const last = await this.#count("stopped", crowd);
    this.#lostByStopped += last.dropped;
  }

  async played(): Promise<Played> {
    const trace = parseTrace(await (await fetch(`${this.#system.url}/trace`)).json());
    if (typeof trace === "string") throw new Error(`/trace: ${trace}`);
    const spans = this.#spans.map(({ phase, fromMs, toMs }) => {
      return { phase, fromMs: fromMs - trace.originMs, toMs: toMs - trace.originMs };
    });
    return { spans, delivered: this.#delivered, lostByStopped: this.#lostByStopped, polls: this.#polls, trace };
  }

  async #phase(phase: Phase): Promise<void> {
    await this.frames(SETTLE_FRAMES);
    this.#start = await this.#quiet(phase === "stopped" ? -1 : undefined);
    const fromMs = monotonicMs();
    await this.frames(this.#wanted.frames);
    this.#spans.push({ phase, fromMs, toMs: monotonicMs() });
  }

  /** Counts of all viewers (but the last, who reads nothing, with -1) when nothing waits for any of them. */
  async #quiet(end?: -1): Promise<Map<number, ViewerCounts>> {
    for (let attempt = 1; ; attempt++) {
      const viewers = byId(await this.#status());
      const isQuiet = viewers.slice(0, end).every(({ queued }) => queued === 0);
      if (isQuiet || attempt === ATTEMPTS) return new Map(viewers.map((counts) => [counts.id, counts]));
    }
  }

  /** Notes what the crowd got, at a moment in which nothing is on its way; returns the counts of the viewer that connected last. */
  async #count(phase: Phase, crowd: Crowd): Promise<ViewerCounts> {
    const { viewers } = this.#wanted;
    let before = await this.#status();
    // At any phase of the cadence: right after a frame most of the crowd still waits for it.
    for (let attempt = 1; ; attempt++) {
      const received = await crowd.received();
      const after = await this.#status();
      const members = (status: StatusBody) =>
        byId(status)
          .slice(-viewers - (phase === "stopped" ? 1 : 0))
          .slice(0, viewers);
      const sent = (status: StatusBody) => members(status).map((counts) => counts.sent);
      const exact = same(sent(before), received) && same(sent(after), received);
      before = after;
      if (!exact && attempt < ATTEMPTS) continue;
      const sum = (key: "offered" | "sent" | "dropped") =>
        members(after).reduce((total, counts) => total + counts[key] - (this.#start.get(counts.id)?.[key] ?? 0), 0);
      this.#delivered.push({ phase, offered: sum("offered"), sent: sum("sent"), dropped: sum("dropped"), exact });
      return byId(after).at(-1)!;
    }
  }

  async #status(): Promise<StatusBody> {
    const status = await this.#system.status();
    const isSound = ({ offered, sent, dropped, queued }: Omit<ViewerCounts, "id">) =>
      offered === sent + dropped + queued;
    if (!balances(status.ledger) || ![...status.viewers, status.viewerTotals].every(isSound))
      throw new Error(`the books do not balance: ${JSON.stringify([status.ledger, status.viewerTotals])}`);
    this.#polls++;
    return status;
  }
}

function byId({ viewers }: StatusBody): ViewerCounts[] {
  return [...viewers].sort((a, b) => a.id - b.id);
}

/** The same numbers, in whatever order: who connected first to the crowd need not be the first that the daemon saw. */
function same(some: readonly number[], others: readonly number[]): boolean {
  const [a, b] = [some, others].map((each) => Float64Array.from(each).sort());
  return a!.length === b!.length && a!.every((value, i) => value === b![i]);
}
