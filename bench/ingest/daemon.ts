// The daemon of `bench/ingest.ts`: the whole of it, decoder process and server included, with a stopwatch behind its binner.
import { makeLog } from "../../daemon/cli/log.ts";
import { loadConfig } from "../../daemon/cli/options.ts";
import { startDaemon } from "../../daemon/daemon.ts";
import { monotonicMs } from "../../daemon/monotonic.ts";
import { Binner } from "../../src/signal/binner.ts";
import type { SourceMessage } from "../../src/signal/types.ts";
import { type Distribution, Latencies } from "../distribution.ts";

export interface DaemonSnapshot {
  readonly cpuS: number;
  /** From sending a spike to its place in a bin, ms, since the last snapshot. */
  readonly toBin: Distribution;
  /** Longest time between two blocks, ms. */
  readonly longestGapMs: number;
  /** With the argument `blocks`: sample time of a block (s), how many of its spikes, and when they were in their bins (monotonic ms); flat. */
  readonly taken: number[];
}

let toBin = new Latencies();
let lastMs = Number.NaN;
let longestGapMs = 0;
let taken: number[] = [];
const blocks = process.argv[3] === "blocks";

/** A block lies in its bins when the binner has it; what follows in the same turn (closing, dispatching to the decoder) is the pipeline's time. */
function record(message: SourceMessage): void {
  if (message.kind !== "spikes") return;
  const nowMs = monotonicMs();
  if (!Number.isNaN(lastMs)) longestGapMs = Math.max(longestGapMs, nowMs - lastMs);
  lastMs = nowMs;
  if (blocks) keep(message.times, nowMs);
  else for (const time of message.times) toBin.record(nowMs - time * 1000);
}

/** All spikes of a block have one time. */
function keep(times: Float64Array, nowMs: number): void {
  for (let from = 0, to = 0; from < times.length; from = to) {
    while (to < times.length && times[to] === times[from]) to++;
    taken.push(times[from]!, to - from, nowMs);
  }
}

function snapshot(): DaemonSnapshot {
  const { user, system } = process.cpuUsage();
  const result = { cpuS: (user + system) / 1e6, toBin: toBin.summary(), longestGapMs, taken };
  toBin = new Latencies();
  [lastMs, longestGapMs, taken] = [Number.NaN, 0, []];
  return result;
}

const { push } = Binner.prototype;
Binner.prototype.push = function timed(message, nowMs) {
  const bins = push.call(this, message, nowMs);
  record(message);
  return bins;
};
const config = await loadConfig(process.argv[2]);
const daemon = await startDaemon(config, makeLog(config.log.level));
process.on("message", async (message) => {
  if (message === "snapshot") process.send?.(snapshot());
  if (message === "stop") {
    await daemon.close();
    process.disconnect();
  }
});
process.send?.(`http://${daemon.address.host}:${daemon.address.port}`);
