import { expected, PhospheneError } from "../errors.ts";
import { ClockMap } from "./clock.ts";
import { SpikeBuffer } from "./spike-buffer.ts";
import type { Bin, SourceMessage } from "./types.ts";

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
  #startS = Number.NaN;
  #sourceS = Number.NEGATIVE_INFINITY;
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
    switch (message.kind) {
      case "spikes":
        return this.#pushSpikes(message.times, message.units, message.receivedAtMs, nowMs);
      case "clock":
      case "event":
        return this.#advanceTo(message.time, message.receivedAtMs, nowMs);
      case "restart":
        return this.#restart(nowMs);
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
    return this.clock.toLocalMs(this.#startS + this.#widthS) + latenessMs + silenceMs;
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
   * Anchors the bins at the first message. Starts a new epoch when the source's clock jumped ahead (the wall would have kept
   * pace with a mere silence), or stood still while the wall closed bins.
   */
  #anchor(newestS: number, firstS: number, nowMs: number): Bin[] {
    let bins: Bin[] = [];
    if (!Number.isNaN(this.#startS)) {
      const jumped = newestS - this.#startS > this.#maxGapS;
      const stoodStill = this.#closedBySilence && newestS < this.#startS;
      if (!jumped && !stoodStill) return bins;
      bins = this.#restart(nowMs);
    }
    this.#startS = Math.floor(Math.min(firstS, newestS) / this.#widthS + 1e-9) * this.#widthS;
    return bins;
  }

  /** Closes the bins that still hold spikes, then forgets the clock. */
  #restart(nowMs: number): Bin[] {
    const bins: Bin[] = [];
    while (this.#pending.length > 0) bins.push(this.#close(nowMs, "source"));
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
    while (this.#sourceS >= this.#startS + this.#widthS + this.#options.latenessMs / 1000) {
      bins.push(this.#close(nowMs, "source"));
      this.#closedBySilence = false;
    }
    return bins;
  }

  #close(nowMs: number, closedBy: Bin["closedBy"]): Bin {
    const startS = this.#startS;
    const endS = startS + this.#widthS;
    const counts = new Uint16Array(this.#options.units);
    const offsets: number[] = [];
    const units: number[] = [];
    this.#pending.drainBefore(endS, (time, unit) => {
      counts[unit]!++;
      units.push(unit);
      offsets.push((time - startS) * 1000);
    });
    this.#startS = endS;
    return {
      index: this.#index++,
      source: this.#options.source,
      startS,
      endS,
      counts,
      spikes: units.length,
      spikeUnits: Uint16Array.from(units),
      spikeOffsetsMs: Float32Array.from(offsets),
      lastSpikeAtMs:
        offsets.length > 0
          ? this.clock.toLocalMs(startS + offsets.reduce((a, b) => Math.max(a, b)) / 1000)
          : Number.NaN,
      closedAtMs: nowMs,
      closedBy,
      epoch: this.#epoch,
    };
  }
}
