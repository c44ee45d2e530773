import type { SourceMessage } from "../../src/signal/types.ts";
import type { AdapterContext } from "../define.ts";
import { type UnknownUnits, unknownUnits } from "../unknown-units.ts";
import { GapWatch } from "./gaps.ts";
import { channelsOfUnits, spikeKey, unitsOfSpikes } from "./layout.ts";
import type { Batch } from "./messages.ts";
import type { LslOptions } from "./options.ts";
import type { StreamDescription } from "./stream.ts";

/** Makes messages of the samples of one connection, whose layout was checked. Each sample is counted once. */
export interface Deliver {
  /** `times` are the corrected stamps of the batch. */
  batch(batch: Batch, times: Float64Array, receivedAtMs: number): void;
  /** Samples are missing that we know of, or the clock is another one. */
  reset(): void;
}

const LONGEST_MARKER = 4_096;
/** A count that is this far from a whole number is a rate or a voltage. */
const WHOLE = 0.01;

/** For all connections of a source, so that block numbers go on. */
export function createDeliveries(
  options: LslOptions,
  context: AdapterContext,
  emit: (message: SourceMessage) => void,
): (stream: StreamDescription) => Deliver {
  const blocks = createBlocks(context, emit);
  const refuse = createRefusal(context);
  const unknown = unknownUnits(context, "name them under units in the options of the source: <channel>.<unit>");
  const kinds = { counts: deliverCounts, events: deliverEvents, markers: deliverMarkers };
  return (stream) => kinds[options.layout]({ stream, options, context, emit, blocks, refuse, unknown });
}

interface Parts {
  readonly stream: StreamDescription;
  readonly options: LslOptions;
  readonly context: AdapterContext;
  readonly emit: (message: SourceMessage) => void;
  readonly blocks: ReturnType<typeof createBlocks>;
  readonly refuse: (reason: string) => void;
  readonly unknown: UnknownUnits;
}

function deliverCounts({ stream, options, context, blocks, refuse }: Parts): Deliver {
  const { counters, unitLabels } = context;
  const channelOf = channelsOfUnits(stream, options, unitLabels);
  const gaps = new GapWatch(1 / stream.rateHz);
  return {
    reset: () => gaps.reset(),
    batch({ times: stamps, values }, times, receivedAtMs) {
      const counts = new Uint16Array(times.length * channelOf.length);
      const kept = new Float64Array(times.length);
      let samples = 0;
      for (const [sample, time] of times.entries()) {
        counters.missed += gaps.see(stamps[sample]!);
        const at = sample * stream.channels;
        const sum = takeCounts(values, at, channelOf, counts, samples * channelOf.length);
        if (Number.isNaN(sum) || !Number.isFinite(time)) {
          refuse("counts: expected whole numbers from 0 to 65535");
          continue;
        }
        counters.spikes += sum;
        kept[samples++] = time;
      }
      counters.samples += samples;
      const length = samples * channelOf.length;
      blocks.counts(kept.slice(0, samples), counts.slice(0, length), 1 / stream.rateHz, receivedAtMs);
    },
  };
}

/** Copies the units' channels of one sample; their sum, NaN if one of them is no count. */
function takeCounts(values: Float64Array, at: number, channelOf: Uint32Array, counts: Uint16Array, to: number): number {
  let sum = 0;
  for (let unit = 0; unit < channelOf.length; unit++) {
    const value = values[at + channelOf[unit]!]!;
    const count = Math.round(value);
    if (!(Math.abs(value - count) < WHOLE && count >= 0 && count <= 0xffff)) return Number.NaN;
    counts[to + unit] = count;
    sum += count;
  }
  return sum;
}

function deliverEvents({ options, context, blocks, refuse, unknown }: Parts): Deliver {
  const { counters } = context;
  const unitOf = unitsOfSpikes(options.units, context.unitLabels);
  return {
    reset: () => {},
    batch({ values }, times, receivedAtMs) {
      const kept = new Float64Array(times.length);
      const units = new Uint16Array(times.length);
      let spikes = 0;
      for (const [sample, time] of times.entries()) {
        const key = spikeKey(values[2 * sample]!, values[2 * sample + 1]!);
        const unit = unitOf.get(key);
        if (Number.isNaN(key) || !Number.isFinite(time))
          refuse("events: expected [channel, unit] as whole numbers from 0 to 65535");
        else if (unit === undefined) {
          counters.unknownUnits++;
          unknown.add(`${Math.round(values[2 * sample]!)}.${Math.round(values[2 * sample + 1]!)}`);
        } else {
          kept[spikes] = time;
          units[spikes++] = unit;
        }
      }
      unknown.report();
      counters.spikes += spikes;
      blocks.spikes(kept.slice(0, spikes), units.slice(0, spikes), receivedAtMs);
    },
  };
}

function deliverMarkers({ options, context, emit, blocks, refuse, unknown }: Parts): Deliver {
  const { counters, source } = context;
  const spikeOf = spikeMarkers(options, context.unitLabels);
  return {
    reset: () => {},
    batch({ texts }, times, receivedAtMs) {
      let [kept, units]: [number[], number[]] = [[], []];
      const flush = () => {
        blocks.spikes(Float64Array.from(kept), Uint16Array.from(units), receivedAtMs);
        [kept, units] = [[], []];
      };
      const take = (text: string, time: number) => {
        const unit = spikeOf(text);
        if (unit === "unknown") {
          counters.unknownUnits++;
          unknown.add(text.replace(":", "."));
        } else if (unit === "none") {
          flush();
          counters.events++;
          emit({ kind: "event", source, event: "text", text, time, receivedAtMs });
        } else {
          counters.spikes++;
          kept.push(time);
          units.push(unit);
        }
      };
      for (const [sample, text] of (texts ?? []).entries()) {
        const time = times[sample]!;
        if (text !== null && text.length <= LONGEST_MARKER && Number.isFinite(time)) take(text, time);
        else refuse("markers: expected UTF-8 of at most 4096 characters");
      }
      flush();
      unknown.report();
    },
  };
}

/** The unit of a marker `<channel>:<unit>`, where such markers are spikes. */
function spikeMarkers({ spikeMarkers, units }: LslOptions, unitLabels: readonly string[]) {
  const unitOf = new Map(unitLabels.map((label, unit) => [label, unit]));
  return (text: string): number | "unknown" | "none" => {
    const match = spikeMarkers ? /^(.+):(\d+)$/.exec(text) : null;
    if (!match) return "none";
    const name = `${match[1]}.${match[2]}`;
    return unitOf.get(units[name] ?? name) ?? "unknown";
  };
}

function createBlocks({ source }: AdapterContext, emit: (message: SourceMessage) => void) {
  let seq = 0;
  return {
    spikes(times: Float64Array, units: Uint16Array, receivedAtMs: number) {
      if (times.length > 0) emit({ kind: "spikes", source, seq: seq++, times, units, receivedAtMs });
    },
    counts(times: Float64Array, counts: Uint16Array, intervalS: number, receivedAtMs: number) {
      if (times.length > 0) emit({ kind: "counts", source, seq: seq++, times, counts, intervalS, receivedAtMs });
    },
  };
}

function createRefusal({ counters, log }: AdapterContext) {
  let complained = false;
  return (reason: string): void => {
    counters.malformed++;
    log(complained ? "debug" : "warn", "malformed sample skipped", { reason });
    complained = true;
  };
}
