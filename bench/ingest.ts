// `npm run bench:ingest`: spikes in the Open Ephys format over ZeroMQ into a whole daemon that decodes every bin, open loop. Two runs:
// at the full rate for what is lost, at a lower one for how long a spike takes from its sender to its bin.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { parseArgs } from "node:util";
import { stringify } from "yaml";
import type { Percentiles, StatusBody } from "../src/protocol/messages.ts";
import { freePortPair } from "../test/integration/processes.ts";
import type { DaemonSnapshot } from "./ingest/daemon.ts";
import type { PublisherReport, PublisherRequest } from "./ingest/publisher.ts";
import { machine } from "./machine.ts";
import { replaceSection } from "./report.ts";

const { values: options } = parseArgs({
  options: {
    rate: { type: "string", default: "60000" },
    seconds: { type: "string", default: "60" },
    "latency-rate": { type: "string", default: "20000" },
    "latency-seconds": { type: "string", default: "60" },
    "block-ms": { type: "string", default: "10" },
    bundle: { type: "string", default: "models/demo" },
    write: { type: "boolean", default: false },
  },
});

interface Run {
  readonly rateHz: number;
  readonly seconds: number;
  readonly publisher: PublisherReport;
  readonly daemon: DaemonSnapshot;
  readonly before: StatusBody;
  readonly after: StatusBody;
  readonly daemonCpuS: number;
}

async function run(rateHz: number, seconds: number): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), "phosphene-"));
  const port = await freePortPair();
  const labels = unitLabels(options.bundle);
  const publisher = child("publisher");
  const rig: PublisherRequest = {
    port,
    labels,
    rateHz,
    seconds,
    blockMs: Number(options["block-ms"]),
    clock: "monotonic",
  };
  await ask(publisher, rig);
  const config = join(folder, "config.yaml");
  writeFileSync(config, stringify(daemonConfig(port)));
  const daemon = child("daemon", config);
  const [url] = await once(daemon, "message");
  try {
    const status = async () => (await (await fetch(`${url}/status`)).json()) as StatusBody;
    await until(async () => (await status()).source.detail.startsWith("connected"));
    const first = await ask<DaemonSnapshot>(daemon, "snapshot");
    const before = await status();
    const report = await ask<PublisherReport>(publisher, "go");
    await arrived(status);
    const last = await ask<DaemonSnapshot>(daemon, "snapshot");
    const daemonCpuS = last.cpuS - first.cpuS;
    return { rateHz, seconds, publisher: report, daemon: last, before, after: await status(), daemonCpuS };
  } finally {
    daemon.send("stop");
    publisher.send("stop");
    await Promise.all([once(daemon, "exit"), once(publisher, "exit")]);
    rmSync(folder, { recursive: true });
  }
}

function child(name: string, ...args: string[]): ChildProcess {
  return fork(join(import.meta.dirname, `ingest/${name}.ts`), args);
}

async function ask<T>(process: ChildProcess, message: string | PublisherRequest): Promise<T> {
  process.send(message);
  const [answer] = await once(process, "message");
  return answer;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await after(100);
}

/** Resolves once no further message comes. */
async function arrived(status: () => Promise<StatusBody>): Promise<void> {
  let messages = -1;
  await until(async () => {
    await after(300);
    const now = (await status()).source.counters.messages ?? 0;
    const still = now === messages;
    messages = now;
    return still;
  });
}

function unitLabels(bundle: string): string[] {
  const manifest = JSON.parse(readFileSync(join(bundle, "manifest.json"), "utf8"));
  return manifest.units.labels;
}

function daemonConfig(port: number) {
  return {
    source: { options: { endpoint: `tcp://127.0.0.1:${port}`, continuous: true, heartbeat: false } },
    bundle: options.bundle,
    stimuli: null,
    decode: { everyBins: 1 },
    server: { port: 0 },
    log: { level: "warn" },
  };
}

function row({ n, p50, p99, p999, max }: Percentiles): string {
  return `| send to bin | ${[p50, p99, p999, max].map((ms) => ms.toFixed(2)).join(" | ")} | ${n} |`;
}

function table(percentiles: Percentiles): string[] {
  return ["| ms | p50 | p99 | p99.9 | max | N |", "|---|--:|--:|--:|--:|--:|", row(percentiles)];
}

function describe(run: Run): string[] {
  const { publisher, before, after: end, daemon } = run;
  const counted = (key: string) => (end.source.counters[key] ?? 0) - (before.source.counters[key] ?? 0);
  const bins = (key: keyof StatusBody["ledger"]) => end.ledger[key] - before.ledger[key];
  const lost = publisher.sent - counted("messages");
  const cpu = (100 * run.daemonCpuS) / run.seconds;
  const perCpuS = counted("messages") / run.daemonCpuS;
  return [
    `**${run.rateHz} spikes/s for ${run.seconds} s** in blocks of ${options["block-ms"]} ms: ${publisher.sent} messages sent, ${counted("messages")} received, **${lost} lost** (counted as missed: ${counted("missed")}), ${counted("malformed")} malformed, ${counted("restarts")} restarts; spikes too late for their bin: ${end.spikes.late - before.spikes.late}.`,
    `Decoded meanwhile: ${(bins("frames") / run.seconds).toFixed(1)} frames/s of ${(bins("bins") / run.seconds).toFixed(1)} bins/s (${bins("superseded")} superseded, ${bins("expired")} expired, ${bins("failed")} failed). The daemon without its decoder process used ${cpu.toFixed(0)} % of a core (${Math.round(perCpuS)} messages per CPU-second, everything included), the publisher ${((100 * publisher.cpuS) / run.seconds).toFixed(0)} %; the publisher was ${publisher.latestMs.toFixed(1)} ms late at most. Longest time without a block: ${daemon.longestGapMs.toFixed(1)} ms.`,
    "",
    ...table(daemon.toBin),
    "",
  ];
}

const sustained = await run(Number(options.rate), Number(options.seconds));
process.stdout.write(`${describe(sustained).join("\n")}\n`);
const latency = await run(Number(options["latency-rate"]), Number(options["latency-seconds"]));
const text = [
  `${machine()}. ${new Date().toISOString().slice(0, 10)}. Bundle \`${options.bundle}\`, every bin decoded. Command: \`npm run bench:ingest -- --rate ${options.rate} --seconds ${options.seconds}\`.`,
  "Times are from the moment a spike is handed to the sender's socket to the moment it lies in its bin, by one clock.",
  "",
  ...describe(sustained),
  ...describe(latency),
].join("\n");
process.stdout.write(`${describe(latency).join("\n")}\n`);
if (options.write) replaceSection("docs/performance.md", "ingest", text);
