import { expected, PhospheneError } from "../errors.ts";
import { ClockMap } from "./clock.ts";
import { CountBuffer, sumOf } from "./count-buffer.ts";
import { SpikeBuffer } from "./spike-buffer.ts";
import type { Bin, CountBlock, SourceMessage } from "./types.ts";

export interface BinnerOptions {
  readonly source: string;
  readonly units: number;
  readonly widthMs: number;
  /** How long past its end, by the source's clock, a bin stays open for late spikes, ms. */
  readonly latenessMs: number;
  /** How long past that, by the local clock, a bin waits for a silent source, ms. */
  readonly silenceMs: number;
  /** A jump of the source's clock by more than this is a restart, not a gap, s. */
  readonly maxGapS?: number;
}

/** How far the middle of a counted sample may lie outside its bin, in intervals. */
const SLACK = 0.25;

/**
 * Turns messages of one source into gap-free bins. Pure: time comes in with each call.
 * A bin is closed by the source's own clock (`end + latenessMs`), or by the wall when the source is silent.
 */
export class Binner {
  readonly clock = new ClockMap();
  readonly #options: BinnerOptions;
  readonly #widthS: number;
  readonly #maxGapS: number;
  readonly #pending = new SpikeBuffer();
  readonly #counted: CountBuffer;
  /** Of the open bin. Edges are reckoned from the grid's origin: a sum of widths drifts, and a spike on an edge would fall into the bin before it. */
  #startS = Number.NaN;
  #gridS = 0;
  #onGrid = 0;
  #sourceS = Number.NEGATIVE_INFINITY;
  #arrivedAtMs = Number.NEGATIVE_INFINITY;
  #index = 0;
  #epoch = 0;
  #closedBySilence = false;
  #late = 0;
  #total = 0;

  constructor(options: BinnerOptions) {
    for (const key of ["units", "widthMs"] as const)
      if (!(options[key] > 0))
        throw new PhospheneError("PARAMETER_INVALID", expected(key, "more than 0", options[key]));
    for (const key of ["latenessMs", "silenceMs"] as const)
      if (!(options[key] >= 0))
        throw new PhospheneError("PARAMETER_INVALID", expected(key, "0 ms or more", options[key]));
    this.#options = options;
    this.#widthS = options.widthMs / 1000;
    this.#maxGapS = options.maxGapS ?? 2;
    this.#counted = new CountBuffer(options.units, this.#widthS);
  }

  /** Spikes that came after their bin was closed. */
  get late(): number {
    return this.#late;
  }

  get total(): number {
    return this.#total;
  }

  /** Takes a message in; returns the bins that it closes. */
  push(message: SourceMessage, nowMs: number): Bin[] {
    if (message.receivedAtMs > this.#arrivedAtMs) this.#arrivedAtMs = message.receivedAtMs;
    switch (message.kind) {
      case "spikes":
        return this.#pushSpikes(message.times, message.units, message.receivedAtMs, nowMs);
      case "counts":
        return this.#pushCounts(message, nowMs);
      case "clock":
      case "event":
        return this.#advanceTo(message.time, message.receivedAtMs, nowMs);
      case "restart":
        return this.#restart(nowMs);
      case "sync":
        this.clock.probe(message.offsetMs, message.uncertaintyMs, message.receivedAtMs);
        return [];
      case "connection":
        return [];
    }
  }

  /** Closes the bins whose wall deadline has passed. */
  closeSilent(nowMs: number): Bin[] {
    if (Number.isNaN(this.#startS)) return [];
    const bins: Bin[] = [];
    while (nowMs >= this.nextSilentCloseMs()) {
      bins.push(this.#close(nowMs, "silence"));
      this.#closedBySilence = true;
    }
    return bins;
  }

  /** Local ms at which the open bin will be closed if the source stays silent; Infinity before the first message. */
  nextSilentCloseMs(): number {
    if (Number.isNaN(this.#startS)) return Number.POSITIVE_INFINITY;
    const { latenessMs, silenceMs } = this.#options;
    return this.clock.toLocalMs(this.#edgeS(1)) + latenessMs + silenceMs;
  }

  #pushSpikes(times: Float64Array, units: Uint16Array, receivedAtMs: number, nowMs: number): Bin[] {
    let newestS = Number.NEGATIVE_INFINITY;
    for (const time of times) if (time > newestS) newestS = time;
    if (times.length === 0) return [];
    const bins = this.#anchor(newestS, times[0]!, nowMs);
    for (let i = 0; i < times.length; i++) {
      this.#total++;
      if (times[i]! < this.#startS) this.#late++;
      else this.#pending.push(times[i]!, units[i]!);
    }
    return [...bins, ...this.#advanceTo(newestS, receivedAtMs, nowMs)];
  }

  /**
   * Samples come in order and fill bins: a bin is complete, and closed at once, with its last one. The middle of a sample's interval may lie
   * a little outside its bin: stamps jitter, and a source's clock is not exactly ours.
   */
  #pushCounts(block: CountBlock, nowMs: number): Bin[] {
    const { times, intervalS, receivedAtMs } = block;
    const perBin = this.#counted.samplesPerBin(block);
    const newestS = times.at(-1);
    if (newestS === undefined) return [];
    const bins = this.#anchor(newestS, times[0]!, nowMs, times[0]! - intervalS);
    this.clock.observe(newestS, receivedAtMs);
    const slackS = intervalS * SLACK;
    for (let sample = 0; sample < times.length; sample++) {
      const middleS = times[sample]! - intervalS / 2;
      bins.push(...this.#closeUntil(middleS - slackS, nowMs));
      if (middleS < this.#startS - slackS) {
        this.#late += sumOf(block, sample);
        this.#total += sumOf(block, sample);
        continue;
      }
      this.#total += this.#counted.add(block, sample, (middleS - this.#startS) * 1000);
      if (this.#counted.samples >= perBin) bins.push(this.#closeOfSource(nowMs));
    }
    this.#sourceS = Math.max(this.#sourceS, newestS);
    return bins;
  }

  /** Closes bins until `timeS` lies before the end of the open one. */
  #closeUntil(timeS: number, nowMs: number): Bin[] {
    const bins: Bin[] = [];
    while (timeS >= this.#edgeS(1)) bins.push(this.#closeOfSource(nowMs));
    return bins;
  }

  #closeOfSource(nowMs: number): Bin {
    this.#closedBySilence = false;
    return this.#close(nowMs, "source");
  }

  /**
   * Anchors the bins at the first message. Starts a new epoch when the source's clock jumped ahead (the wall would have kept
   * pace with a mere silence), or stood still while the wall closed bins. The grid of the bins starts at `originS`, of the source's 0 without one.
   */
  #anchor(newestS: number, firstS: number, nowMs: number, originS?: number): Bin[] {
    let bins: Bin[] = [];
    if (!Number.isNaN(this.#startS)) {
      const jumped = newestS - this.#startS > this.#maxGapS;
      const stoodStill = this.#closedBySilence && newestS < this.#startS;
      if (!jumped && !stoodStill) return bins;
      bins = this.#restart(nowMs);
    }
    this.#gridS = originS ?? 0;
    this.#onGrid = originS === undefined ? Math.floor(Math.min(firstS, newestS) / this.#widthS + 1e-9) : 0;
    this.#startS = this.#edgeS(0);
    return bins;
  }

  /** The edge of the grid that lies so many bins after the start of the open one, s. */
  #edgeS(bins: number): number {
    return this.#gridS + ((this.#onGrid + bins) * this.#options.widthMs) / 1000;
  }

  /** Closes the bins that still hold spikes, then forgets the clock. */
  #restart(nowMs: number): Bin[] {
    const bins: Bin[] = [];
    while (this.#pending.length > 0 || this.#counted.samples > 0) bins.push(this.#close(nowMs, "source"));
    this.#startS = Number.NaN;
    this.#sourceS = Number.NEGATIVE_INFINITY;
    this.#closedBySilence = false;
    this.#epoch++;
    this.clock.reset();
    return bins;
  }

  #advanceTo(sourceS: number, receivedAtMs: number, nowMs: number): Bin[] {
    if (!Number.isFinite(sourceS)) return [];
    const bins = this.#anchor(sourceS, sourceS, nowMs);
    this.clock.observe(sourceS, receivedAtMs);
    this.#sourceS = Math.max(this.#sourceS, sourceS);
    bins.push(...this.#closeUntil(this.#sourceS - this.#options.latenessMs / 1000, nowMs));
    return bins;
  }

  #close(nowMs: number, closedBy: Bin["closedBy"]): Bin {
    const startS = this.#startS;
    const endS = this.#edgeS(1);
    const counts = new Uint16Array(this.#options.units);
    const offsets: number[] = [];
    const units: number[] = [];
    const mark = (unit: number, offsetMs: number) => {
      units.push(unit);
      offsets.push(offsetMs);
    };
    let spikes = this.#counted.take(counts, mark);
    this.#pending.drainBefore(endS, (time, unit) => {
      counts[unit]!++;
      spikes++;
      mark(unit, (time - startS) * 1000);
    });
    this.#onGrid++;
    this.#startS = endS;
    return {
      index: this.#index++,
      source: this.#options.source,
      startS,
      endS,
      counts,
      spikes,
      // Not `from`, which iterates: every window waits for this.
      spikeUnits: new Uint16Array(units),
      spikeOffsetsMs: new Float32Array(offsets),
      lastSpikeAtMs:
        offsets.length > 0
          ? this.clock.toLocalMs(startS + offsets.reduce((a, b) => Math.max(a, b)) / 1000)
          : Number.NaN,
      arrivedAtMs: this.#arrivedAtMs,
      closedAtMs: nowMs,
      closedBy,
      epoch: this.#epoch,
    };
  }
}
