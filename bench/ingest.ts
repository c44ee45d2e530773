// `npm run bench:ingest`: spikes in the Open Ephys format over ZeroMQ into a whole daemon that decodes every bin, open loop. Three runs: libzmq as
// publisher at the full rate, for what is lost; a publisher that knows when its bytes arrived, for how long a spike takes from there to its bin; the
// same with a burst of ten times the rate, for what that does.
import { parseArgs } from "node:util";
import type { StatusBody } from "../src/protocol/messages.ts";
import { arrivalToBin, recovery } from "./ingest/arrival.ts";
import type { PublisherReport } from "./ingest/publisher.ts";
import { play, type RigReport, type Run, type RunOptions } from "./ingest/run.ts";
import type { WireReport } from "./ingest/wire-publisher.ts";
import { machine } from "./machine.ts";
import { replaceSection } from "./report.ts";
import { row, table } from "./table.ts";

const { values: options } = parseArgs({
  options: {
    rate: { type: "string", default: "60000" },
    seconds: { type: "string", default: "60" },
    "latency-rate": { type: "string", default: "20000" },
    "latency-seconds": { type: "string", default: "60" },
    "block-ms": { type: "string", default: "10" },
    bundle: { type: "string", default: "models/demo" },
    only: { type: "string", default: "sustained,latency,burst" },
    write: { type: "boolean", default: false },
  },
});
const blockMs = Number(options["block-ms"]);
const BURST_AT_S = 2;
const only = options.only.split(",");

/** What was lost, what was decoded meanwhile, what it cost. */
function describe<Report extends RigReport>(run: Run<Report>): string {
  const { publisher, before, after: end, daemon, seconds } = run;
  const counted = (key: string) => (end.source.counters[key] ?? 0) - (before.source.counters[key] ?? 0);
  const bins = (key: keyof StatusBody["ledger"]) => end.ledger[key] - before.ledger[key];
  const lost = publisher.sent - counted("messages");
  const cpu = (100 * run.daemonCpuS) / seconds;
  const perCpuS = counted("messages") / run.daemonCpuS;
  return [
    `in blocks of ${blockMs} ms: ${publisher.sent} messages sent, ${counted("messages")} received, **${lost} lost** (counted as missed: ${counted("missed")}), ${counted("malformed")} malformed, ${counted("restarts")} restarts; spikes too late for their bin: ${end.spikes.late - before.spikes.late}; overloaded ${end.source.backlog.overloads} times.`,
    `Decoded meanwhile: ${(bins("frames") / seconds).toFixed(1)} frames/s of ${(bins("bins") / seconds).toFixed(1)} bins/s (${bins("superseded")} superseded, ${bins("expired")} expired, ${bins("failed")} failed). The daemon without its decoder process used ${cpu.toFixed(0)} % of a core (${Math.round(perCpuS)} messages per CPU-second, everything included), the publisher ${((100 * publisher.cpuS) / seconds).toFixed(0)} %. Longest time without a block: ${daemon.longestGapMs.toFixed(1)} ms. Load of the machine at the end: ${run.load.toFixed(1)}.`,
  ].join("\n");
}

async function sustained(): Promise<string> {
  const run = await play<PublisherReport>(request("publisher", options.rate, options.seconds));
  const { n, p50, p99, p999, max } = run.daemon.toBin;
  const sendToBin = ["send to bin", ...[p50, p99, p999, max].map((ms) => ms.toFixed(2)), String(n)];
  const late = `The publisher was ${run.publisher.latestMs.toFixed(1)} ms late at most; its lateness and libzmq's queue are in the times.`;
  const title = `**${options.rate} spikes/s for ${options.seconds} s** by libzmq,`;
  return [`${title} ${describe(run)} ${late}`, "", ...table([sendToBin])].join("\n");
}

async function latency(): Promise<string> {
  const run = await play<WireReport>(request("wire-publisher", options["latency-rate"], options["latency-seconds"]));
  const title = `**${options["latency-rate"]} spikes/s for ${options["latency-seconds"]} s**`;
  const queued = `Blocks that waited in the publisher: ${run.publisher.queued}.`;
  const rows = table([row("arrival to bin", arrivalToBin(run, blockMs))]);
  return [`${title} ${describe(run)} ${queued}`, "", ...rows].join("\n");
}

async function burst(): Promise<string> {
  const wanted = { ...request("wire-publisher", options["latency-rate"], "6"), burstAtS: BURST_AT_S };
  const run = await play<WireReport>(wanted);
  const { afterMs, worstMs } = recovery(run, blockMs, BURST_AT_S + 1);
  const title = `**${options["latency-rate"]} spikes/s, for one second ten times that,**`;
  const recovered = `What was taken in was ${worstMs.toFixed(0)} ms old at most, and no more than 100 ms old again ${afterMs.toFixed(0)} ms after the burst.`;
  return `${title} ${describe(run)} ${recovered}`;
}

function request(rig: RunOptions["rig"], rateHz: string, seconds: string): RunOptions {
  return { rig, bundle: options.bundle, rateHz: Number(rateHz), seconds: Number(seconds), blockMs };
}

const runs = { sustained, latency, burst };
const said: string[] = [];
for (const [name, run] of Object.entries(runs)) {
  if (!only.includes(name)) continue;
  said.push(await run());
  process.stdout.write(`${said.at(-1)}\n\n`);
}
const text = [
  `${machine()}. ${new Date().toISOString().slice(0, 10)}. Bundle \`${options.bundle}\`, every bin decoded. Command: \`npm run bench:ingest -- --bundle ${options.bundle}\`.`,
  "*Send to bin* is from the moment a spike is handed to the sender's socket to the moment it lies in its bin; *arrival to bin* from the moment just before the block's bytes are",
  "written into the kernel, which on the loopback puts them into our socket, to the moment the spike lies in its bin. One clock.",
  "",
  said.join("\n\n"),
  "",
].join("\n");
if (options.write) replaceSection("docs/performance.md", "ingest", text);
