import type { SpikeBlock } from "../../src/signal/types.ts";

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
