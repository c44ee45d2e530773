import type { CountBlock, SourceMessage, SpikeBlock } from "../../src/signal/types.ts";
import type { Recording } from "./load.ts";
import { type Segment, span } from "./recording.ts";

type Unstamped<M> = M extends SourceMessage ? Omit<M, "source" | "receivedAtMs" | "seq"> : never;
/** A message of the source that waits for its number and its time of arrival. */
export type CueMessage = Unstamped<SourceMessage>;

/** What is played at one moment. */
export interface Cue {
  /** After the begin of the replay, s of the recording. */
  readonly atS: number;
  readonly messages: readonly CueMessage[];
  /** Spikes left out because the bundle does not know their unit. */
  readonly unknown: number;
}

export interface CueOptions {
  readonly startS: number;
  readonly blockMs: number;
  /** Index in the bundle's list of each recorded unit, -1 for none. */
  readonly units: Int32Array;
  readonly bundleUnits: number;
}

/**
 * What there is to play, in order, made one by one: the player decides when. Nothing here depends on any clock, so every replay of a
 * recording has the same cues.
 */
export function* cuesOf(recording: Recording, options: CueOptions): Generator<Cue> {
  if (recording.kind === "messages") yield* asReceived(recording.messages, options);
  else yield* inBlocks(recording.segments, options);
}

/** Vendors' files know times, not blocks: spikes and events of each `blockMs`, then the clock at its end. */
function* inBlocks(segments: readonly Segment[], { startS, blockMs, units }: CueOptions): Generator<Cue> {
  const blockS = blockMs / 1000;
  let playedS = 0;
  let skipS = startS;
  let isFirst = true;
  for (const segment of segments) {
    const [first, last] = span(segment);
    // A block is played at its end, so the first one begins on the grid.
    const beginS = Math.floor(first / blockS) * blockS;
    const lengthS = last - beginS;
    const originS = beginS + Math.min(skipS, lengthS);
    if (skipS > lengthS) {
      skipS -= lengthS;
      continue;
    }
    skipS = 0;
    if (!isFirst) yield { atS: playedS, messages: [{ kind: "restart" }], unknown: 0 };
    isFirst = false;
    let at = lowerBound(segment.times, originS);
    let event = segment.events.findIndex(({ time }) => time >= originS);
    if (event < 0) event = segment.events.length;
    for (let block = 1; at < segment.times.length || event < segment.events.length; block++) {
      const endS = originS + block * blockS;
      const until = lowerBound(segment.times, endS, at);
      const { message, unknown } = spikeMessage(segment, at, until, units);
      at = until;
      const messages: CueMessage[] = message === null ? [] : [message];
      for (; event < segment.events.length && segment.events[event]!.time < endS; event++)
        messages.push({ kind: "event", ...segment.events[event]! });
      messages.push({ kind: "clock", time: endS });
      yield { atS: playedS + block * blockS, messages, unknown };
      if (at === segment.times.length && event === segment.events.length) playedS += block * blockS;
    }
  }
}

function spikeMessage(segment: Segment, from: number, to: number, units: Int32Array) {
  const mapped = segment.units.subarray(from, to);
  let known = 0;
  for (const unit of mapped) if (units[unit]! >= 0) known++;
  const block = { kind: "spikes" as const, times: new Float64Array(known), units: new Uint16Array(known) };
  let at = 0;
  mapped.forEach((unit, i) => {
    if (units[unit]! < 0) return;
    block.times[at] = segment.times[from + i]!;
    block.units[at++] = units[unit]!;
  });
  return { message: known > 0 ? block : null, unknown: mapped.length - known };
}

/** Our own recordings: each message as it was received, together those that were received together. */
function* asReceived(messages: readonly SourceMessage[], options: CueOptions): Generator<Cue> {
  const firstMs = messages[0]?.receivedAtMs ?? 0;
  const startMs = firstMs + options.startS * 1000;
  let next = messages.findIndex(({ receivedAtMs }) => receivedAtMs >= startMs);
  if (next < 0) return;
  while (next < messages.length) {
    const { receivedAtMs } = messages[next]!;
    const cue = { atS: (receivedAtMs - startMs) / 1000, messages: [] as CueMessage[], unknown: 0 };
    for (; messages[next]?.receivedAtMs === receivedAtMs; next++) {
      const { message, unknown } = unstamp(messages[next]!, options);
      if (message !== null) cue.messages.push(message);
      cue.unknown += unknown;
    }
    if (cue.messages.length > 0 || cue.unknown > 0) yield cue;
  }
}

/** Connections were those of the rig, and its clock was mapped to that day's: neither is true now. */
function unstamp(
  message: SourceMessage,
  { units, bundleUnits }: CueOptions,
): { message: CueMessage | null; unknown: number } {
  if (message.kind === "connection" || message.kind === "sync") return { message: null, unknown: 0 };
  if (message.kind === "spikes") return remapSpikes(message, units);
  if (message.kind === "counts") return remapCounts(message, units, bundleUnits);
  const { source, receivedAtMs, ...rest } = message;
  return { message: rest, unknown: 0 };
}

/** Arrays are copied: the receiver owns what it gets, and a loop plays them again. */
function remapSpikes(
  { times, units: recorded }: SpikeBlock,
  units: Int32Array,
): { message: CueMessage; unknown: number } {
  const keep: number[] = [];
  recorded.forEach((unit, i) => {
    if ((units[unit] ?? -1) >= 0) keep.push(i);
  });
  const message = {
    kind: "spikes" as const,
    times: Float64Array.from(keep, (i) => times[i]!),
    units: Uint16Array.from(keep, (i) => units[recorded[i]!]!),
  };
  return { message, unknown: recorded.length - keep.length };
}

function remapCounts({ times, counts, intervalS }: CountBlock, units: Int32Array, bundleUnits: number) {
  const recorded = times.length === 0 ? 0 : counts.length / times.length;
  const mapped = new Uint16Array(times.length * bundleUnits);
  let unknown = 0;
  counts.forEach((count, i) => {
    const unit = units[i % recorded] ?? -1;
    if (unit < 0) unknown += count;
    else mapped[Math.floor(i / recorded) * bundleUnits + unit] = count;
  });
  return { message: { kind: "counts" as const, times: times.slice(), counts: mapped, intervalS }, unknown };
}

/** First index from `from` whose value is not below `value`. */
function lowerBound(values: Float64Array, value: number, from = 0): number {
  let [low, high] = [from, values.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
