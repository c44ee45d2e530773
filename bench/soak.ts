// `npm run bench:soak`: memory of daemon and decoder process over time, with a rig, a viewer that reads and one that does not.
import { readFileSync } from "node:fs";
import { setTimeout as after } from "node:timers/promises";
import { parseArgs } from "node:util";
import { balances } from "../src/ledger.ts";
import type { StatusBody } from "../src/protocol/messages.ts";
import { TestViewer } from "../test/integration/test-viewer.ts";
import { machine } from "./machine.ts";
import { replaceSection } from "./report.ts";
import { startSystem } from "./system.ts";

const { values: options } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    bundle: { type: "string", default: "models/demo" },
    write: { type: "boolean", default: false },
  },
});

interface Sample {
  readonly minute: number;
  readonly daemonMiB: number;
  readonly decoderMiB: number;
}

const mib = (bytes: number) => bytes / 2 ** 20;

/** Resident memory of a process, MiB (Linux). */
function residentMiB(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) / 1024;
}

async function soak(): Promise<{ samples: Sample[]; status: StatusBody }> {
  await using system = await startSystem(options.bundle);
  const stream = system.streamUrl;
  await using reader = await TestViewer.connect(stream, "frame", "latents", "spikes", "event", "status");
  await using stopped = await TestViewer.connect(stream, "frame", "latents", "spikes", "event", "status");
  stopped.socket.pause();
  const samples: Sample[] = [];
  for (let minute = 0; ; minute++) {
    const status = await system.status();
    if (!balances(status.ledger)) throw new Error(`the ledger does not balance: ${JSON.stringify(status.ledger)}`);
    samples.push({ minute, daemonMiB: mib(status.process.rssBytes), decoderMiB: residentMiB(status.decoder.pid!) });
    const { daemonMiB, decoderMiB } = samples.at(-1)!;
    process.stderr.write(`${minute} min: daemon ${daemonMiB.toFixed(0)} MiB, decoder ${decoderMiB.toFixed(0)} MiB\n`);
    if (minute >= Number(options.minutes)) return { samples, status };
    for (let second = 0; second < 60; second++) {
      reader.messages.length = 0;
      await after(1000);
    }
  }
}

/** Least-squares slope over the second half, when warm-up is over, MiB per hour. */
function slope(samples: readonly Sample[], of: (sample: Sample) => number): number {
  const half = samples.slice(Math.floor(samples.length / 2));
  const meanX = half.reduce((sum, { minute }) => sum + minute, 0) / half.length;
  const meanY = half.reduce((sum, sample) => sum + of(sample), 0) / half.length;
  const covariance = half.reduce((sum, sample) => sum + (sample.minute - meanX) * (of(sample) - meanY), 0);
  const variance = half.reduce((sum, { minute }) => sum + (minute - meanX) ** 2, 0);
  return (60 * covariance) / variance;
}

const { samples, status } = await soak();
const line = (name: string, of: (sample: Sample) => number) => {
  const at = (sample: Sample | undefined) => (sample === undefined ? Number.NaN : of(sample)).toFixed(0);
  const middle = samples[Math.floor(samples.length / 2)];
  return `| ${name} | ${at(samples[0])} | ${at(samples[1])} | ${at(middle)} | ${at(samples.at(-1))} | ${slope(samples, of).toFixed(1)} |`;
};
const report = [
  `${machine()}. ${new Date().toISOString().slice(0, 10)}. Command: \`npm run bench:soak -- --minutes ${options.minutes}\`: rig at real time, one viewer that reads everything and one that reads nothing.`,
  "",
  "| RSS, MiB | start | 1 min | half | end | slope of the second half, MiB/h |",
  "|---|--:|--:|--:|--:|--:|",
  line("daemon", (sample) => sample.daemonMiB),
  line("decoder process", (sample) => sample.decoderMiB),
  "",
  `Ledger at the end: ${JSON.stringify(status.ledger)}. Viewers: ${JSON.stringify(status.viewers)}. The ledger balanced at each of ${samples.length} polls.`,
].join("\n");
process.stdout.write(`${report}\n`);
if (options.write) replaceSection("docs/performance.md", "soak", report);
