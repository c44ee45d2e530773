import { expected, PhospheneError } from "../../src/errors.ts";
import type { LslOptions } from "./options.ts";
import type { StreamDescription } from "./stream.ts";

type LayoutOptions = Pick<LslOptions, "layout" | "units" | "byPosition">;

const WANTED: Record<LslOptions["layout"], string> = {
  counts: "layout counts: a regular rate, numbers, one channel per unit",
  events: "layout events: an irregular rate, numbers, at least the channels [channel, unit]",
  markers: "layout markers: an irregular rate, one channel of strings",
};

/** Throws SOURCE_MISMATCH unless the stream is of the layout that the configuration promises. */
export function checkLayout(stream: StreamDescription, options: LayoutOptions, unitLabels: readonly string[]): void {
  const regular = stream.rateHz > 0;
  const numeric = stream.format !== "string" && stream.format !== "undefined";
  const fits = {
    counts: regular && numeric && stream.channels >= 1,
    events: !regular && numeric && stream.channels >= 2,
    markers: !regular && stream.format === "string" && stream.channels === 1,
  }[options.layout];
  if (!fits) {
    const rate = regular ? `a rate of ${stream.rateHz} Hz` : "an irregular rate";
    throw mismatch(stream, WANTED[options.layout], `${rate}, ${stream.channels} channels of ${stream.format}`);
  }
  if (options.layout === "counts") channelsOfUnits(stream, options, unitLabels);
}

/** The channel of each unit of the bundle: by the channels' labels when they are the bundle's, else by position when the numbers agree. */
export function channelsOfUnits(
  stream: StreamDescription,
  options: LayoutOptions,
  unitLabels: readonly string[],
): Uint32Array {
  const rename = new Map(Object.entries(options.units));
  const channelOf = new Map(stream.labels.map((label, channel) => [rename.get(label) ?? label, channel]));
  const missing = unitLabels.filter((label) => !channelOf.has(label));
  if (!options.byPosition && unitLabels.length > 0 && missing.length === 0)
    return Uint32Array.from(unitLabels, (label) => channelOf.get(label) ?? 0);
  // Some labels in common and others not: the order is most likely another one, too.
  if (!options.byPosition && missing.length < unitLabels.length)
    throw mismatch(
      stream,
      `channels labelled as all ${unitLabels.length} units of the bundle (or byPosition: true)`,
      `none labelled ${missing.slice(0, 5).join(", ")}${missing.length > 5 ? ` and ${missing.length - 5} more` : ""}`,
    );
  if (stream.channels !== unitLabels.length)
    throw mismatch(stream, `${unitLabels.length} channels, as many as the bundle has units`, String(stream.channels));
  return Uint32Array.from(unitLabels, (_, unit) => unit);
}

function mismatch(stream: StreamDescription, wanted: string, got: string): PhospheneError {
  return new PhospheneError("SOURCE_MISMATCH", expected(`LSL stream ${stream.name}`, wanted, new Sentence(got)));
}

/** Shown without quotes. */
class Sentence {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }
  toString() {
    return this.#text;
  }
}

/** `<channel>.<unit>` of a spike as one number; NaN unless both are whole numbers from 0 to 65535, give or take a rounding error. */
export function spikeKey(channel: number, unit: number): number {
  const [c, u] = [Math.round(channel), Math.round(unit)];
  const whole = Math.abs(channel - c) < 0.01 && Math.abs(unit - u) < 0.01;
  return whole && c >= 0 && u >= 0 && c <= 0xffff && u <= 0xffff ? c * 0x1_0000 + u : Number.NaN;
}

/** Key of a spike -> index in the bundle's unit list, by the label `<channel>.<unit>` or by the explicit map. */
export function unitsOfSpikes(units: LslOptions["units"], unitLabels: readonly string[]): Map<number, number> {
  const index = new Map(unitLabels.map((label, unit) => [label, unit]));
  const names = new Map([...unitLabels.map((label) => [label, label] as const), ...Object.entries(units)]);
  const keys = new Map<number, number>();
  for (const [name, label] of names) {
    const match = /^(\d+)\.(\d+)$/.exec(name);
    const unit = index.get(label);
    if (match && unit !== undefined) keys.set(spikeKey(Number(match[1]), Number(match[2])), unit);
  }
  return keys;
}
