import type { CountBlock, SpikeBlock } from "../../src/signal/types.ts";

/** A block of spikes `[time s, unit]` that arrives at `receivedAtMs`. */
export function block(spikes: readonly (readonly [number, number])[], receivedAtMs: number, seq = 0): SpikeBlock {
  return {
    kind: "spikes",
    source: "rig",
    seq,
    times: Float64Array.from(spikes, ([time]) => time),
    units: Uint16Array.from(spikes, ([, unit]) => unit),
    receivedAtMs,
  };
}

/** Counted samples that end at `endsS`, `rows` of counts, which arrive when the last one ends. */
export function counted(endsS: readonly number[], rows: readonly (readonly number[])[], intervalS = 0.02): CountBlock {
  return {
    kind: "counts",
    source: "rig",
    seq: 0,
    times: Float64Array.from(endsS),
    counts: Uint16Array.from(rows.flat()),
    intervalS,
    receivedAtMs: endsS.at(-1)! * 1000,
  };
}
