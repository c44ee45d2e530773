import { expected, PhospheneError } from "../errors.ts";
import { ClockMap } from "./clock.ts";
import { samplesPerBin, sumOf } from "./count-buffer.ts";
import { SampleSlots } from "./sample-slots.ts";
import type { CountBlock, SourceMessage, SpikeBlock } from "./types.ts";

/** No cell fires faster; a sample with more is none of spike counts, and as spikes it could be without end. */
const MOST_SPIKES_PER_MS = 4;

export interface MergerOptions {
  /** Name that merged messages carry. */
  readonly name: string;
  /** Names of the sources. */
  readonly sources: readonly string[];
  /** What happened this long ago waits for no other source any more, ms. */
  readonly holdMs: number;
  /** Width of a bin, ms, and number of units: counted samples have to fit both. */
  readonly widthMs: number;
  readonly units: number;
  /** A counted sample of `spikes` was left out, because no cell fires that fast. */
  readonly onImpossible?: (source: string, spikes: number) => void;
}

interface Held {
  readonly localMs: number;
  readonly message: Exclude<SourceMessage, SpikeBlock> | { readonly unit: number } | { readonly counts: Uint16Array };
}

/** What is known of one source: its clock, how far it has come on the local clock. */
class Lane {
  readonly clock = new ClockMap();
  readonly slots = new SampleSlots();
  held: Held[] = [];
  reachedMs = Number.NEGATIVE_INFINITY;
}

/**
 * Merges several sources on one clock, the local one: times of merged messages are local seconds. What a source sends is held until the others
 * have come as far, so that a bin has the spikes of all, but not beyond `holdMs`: a source that is silent or sparse delays the others by no more. A restart concerns
 * the source's own mapping only. Counted samples become as many spikes in the middle of
 * their interval's slot on the grid of the bins. Pure: time comes in with each call. With one source it changes nothing but the name.
 */
export class Merger {
  readonly #options: MergerOptions;
  readonly #lanes: Map<string, Lane>;
  #seq = 0;

  constructor(options: MergerOptions) {
    if (options.sources.length === 0)
      throw new PhospheneError("PARAMETER_INVALID", "sources: expected at least one, got none");
    if (!(options.holdMs > 0))
      throw new PhospheneError("PARAMETER_INVALID", expected("holdMs", "more than 0 ms", options.holdMs));
    this.#options = options;
    this.#lanes = new Map(options.sources.map((source) => [source, new Lane()]));
  }

  /** Clock of one source against the local one. */
  clockOf(source: string): ClockMap {
    return this.#lane(source).clock;
  }

  /** Takes a message in; returns what may go on, in the order of time. */
  push(message: SourceMessage, nowMs: number): SourceMessage[] {
    if (this.#lanes.size === 1) return [{ ...message, source: this.#options.name }];
    const lane = this.#lane(message.source);
    switch (message.kind) {
      case "connection":
        return [{ ...message, source: this.#options.name }];
      case "sync":
        lane.clock.probe(message.offsetMs, message.uncertaintyMs, message.receivedAtMs);
        return [];
      case "restart":
        this.#restart(lane);
        return [];
      case "counts":
        this.#holdCounts(lane, message);
        break;
      case "spikes":
        this.#holdSpikes(lane, message);
        break;
      case "clock":
      case "event":
        this.#reach(lane, message.time, message.receivedAtMs);
        lane.held.push({ localMs: lane.clock.toLocalMs(message.time), message });
    }
    return this.release(nowMs);
  }

  /** What may go on because time has passed. */
  release(nowMs: number): SourceMessage[] {
    const lanes = [...this.#lanes.values()];
    const limitMs = Math.min(...lanes.map(({ reachedMs }) => Math.max(reachedMs, nowMs - this.#options.holdMs)));
    const ready: Held[] = [];
    for (const lane of lanes) {
      ready.push(...lane.held.filter(({ localMs }) => localMs <= limitMs));
      lane.held = lane.held.filter(({ localMs }) => localMs > limitMs);
    }
    ready.sort((a, b) => a.localMs - b.localMs);
    return this.#toMessages(ready, nowMs);
  }

  /** Local ms at which something that is held has waited long enough; Infinity when nothing is held. */
  nextReleaseMs(): number {
    let oldestMs = Number.POSITIVE_INFINITY;
    for (const { held } of this.#lanes.values()) for (const { localMs } of held) oldestMs = Math.min(oldestMs, localMs);
    return oldestMs + this.#options.holdMs;
  }

  #holdSpikes(lane: Lane, { times, units, receivedAtMs }: SpikeBlock): void {
    let newestS = Number.NEGATIVE_INFINITY;
    for (const time of times) newestS = Math.max(newestS, time);
    if (times.length === 0) return;
    this.#reach(lane, newestS, receivedAtMs);
    for (let i = 0; i < times.length; i++)
      lane.held.push({ localMs: lane.clock.toLocalMs(times[i]!), message: { unit: units[i]! } });
  }

  #holdCounts(lane: Lane, block: CountBlock): void {
    const { widthMs, units, onImpossible } = this.#options;
    const { source, times, counts, intervalS, receivedAtMs } = block;
    const slotMs = widthMs / samplesPerBin(block, widthMs / 1000, units);
    const newestS = times.at(-1);
    if (newestS === undefined) return;
    this.#reach(lane, newestS, receivedAtMs);
    times.forEach((timeS, sample) => {
      const localMs = lane.slots.place(lane.clock.toLocalMs(timeS - intervalS / 2), slotMs);
      const row = counts.subarray(sample * units, (sample + 1) * units);
      if (row.every((count) => count <= Math.ceil(MOST_SPIKES_PER_MS * slotMs)))
        lane.held.push({ localMs, message: { counts: row } });
      else onImpossible?.(source, sumOf(block, sample));
    });
    // Its spikes lie before its end, which the clock has reached.
    const clock = { kind: "clock", source, time: newestS, receivedAtMs } as const;
    lane.held.push({ localMs: lane.clock.toLocalMs(newestS), message: clock });
  }

  #reach(lane: Lane, timeS: number, receivedAtMs: number): void {
    lane.clock.observe(timeS, receivedAtMs);
    lane.reachedMs = Math.max(lane.reachedMs, lane.clock.toLocalMs(timeS));
  }

  /** What was held keeps its local time; what comes is mapped anew. */
  #restart(lane: Lane): void {
    lane.clock.reset();
    lane.slots.reset();
    lane.reachedMs = Number.NEGATIVE_INFINITY;
  }

  /** Spikes as one block, then events and clocks; times in local seconds. */
  #toMessages(ready: readonly Held[], nowMs: number): SourceMessage[] {
    const source = this.#options.name;
    const times: number[] = [];
    const units: number[] = [];
    const others: SourceMessage[] = [];
    for (const { localMs, message } of ready) {
      const add = (unit: number) => {
        times.push(localMs / 1000);
        units.push(unit);
      };
      if ("unit" in message) add(message.unit);
      else if ("counts" in message && !("kind" in message))
        message.counts.forEach((count, unit) => {
          for (let i = 0; i < count; i++) add(unit);
        });
      else if ("time" in message) others.push({ ...message, source, time: localMs / 1000 });
    }
    if (times.length === 0) return others;
    const block = { times: Float64Array.from(times), units: Uint16Array.from(units), receivedAtMs: nowMs };
    return [{ kind: "spikes", source, seq: this.#seq++, ...block }, ...others];
  }

  #lane(source: string): Lane {
    const lane = this.#lanes.get(source);
    if (lane === undefined)
      throw new PhospheneError(
        "PARAMETER_INVALID",
        expected("source", `one of ${[...this.#lanes.keys()].join(", ")}`, source),
      );
    return lane;
  }
}
