// `npm run bench:soak`: memory of daemon and decoder process over time, with a rig, a viewer that reads and one that does not. With `--rate` the
// rig sends so many spikes a second, with `--restart-every` it is killed and started again so often, s.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { parseArgs } from "node:util";
import { stringify } from "yaml";
import { balances } from "../src/ledger.ts";
import type { StatusBody } from "../src/protocol/messages.ts";
import { freePortPair } from "../test/integration/processes.ts";
import { TestViewer } from "../test/integration/test-viewer.ts";
import { machine } from "./machine.ts";
import { replaceSection } from "./report.ts";
import { slope } from "./soak/slope.ts";
import { type SpikeRig, startSpikeRig } from "./soak/spike-rig.ts";
import { type System, startDaemon, startSystem } from "./system.ts";

const { values: options } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    rate: { type: "string" },
    "restart-every": { type: "string" },
    bundle: { type: "string", default: "models/demo" },
    section: { type: "string", default: "soak" },
    write: { type: "boolean", default: false },
  },
});
const POLL_S = 10;

interface Sample {
  readonly minute: number;
  readonly daemonMiB: number;
  readonly decoderMiB: number;
}

interface Soak {
  readonly samples: Sample[];
  readonly status: StatusBody;
  readonly rig: SpikeRig | null;
}

const mib = (bytes: number) => bytes / 2 ** 20;

/** Resident memory of a process, MiB (Linux). */
function residentMiB(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) / 1024;
}

/** Either the session's rig at real time, or spikes at the wanted rate. */
async function start(): Promise<{ system: System; rig: SpikeRig | null }> {
  if (options.rate === undefined) return { system: await startSystem(options.bundle), rig: null };
  const { units } = JSON.parse(readFileSync(join(options.bundle, "manifest.json"), "utf8"));
  const port = await freePortPair();
  const rig = await startSpikeRig(port, units.labels, Number(options.rate));
  const folder = mkdtempSync(join(tmpdir(), "phosphene-"));
  const source = { options: { endpoint: `tcp://127.0.0.1:${port}`, continuous: true, heartbeat: false } };
  writeFileSync(join(folder, "config.yaml"), stringify({ source, bundle: options.bundle, stimuli: null }));
  const system = await startDaemon(["--config", join(folder, "config.yaml"), "--port", "0"]);
  rmSync(folder, { recursive: true });
  return { system, rig };
}

async function soak(): Promise<Soak> {
  const { system, rig } = await start();
  await using _system = system;
  await using _rig = rig;
  await using reader = await TestViewer.connect(system.streamUrl, "frame", "latents", "spikes", "event", "status");
  await using stopped = await TestViewer.connect(system.streamUrl, "frame", "latents", "spikes", "event", "status");
  stopped.socket.pause();
  const samples: Sample[] = [];
  const restartEveryS = Number(options["restart-every"] ?? Number.POSITIVE_INFINITY);
  for (let second = 0; ; second++) {
    if (second % POLL_S === 0) samples.push(await sample(system, second));
    if (second >= 60 * Number(options.minutes)) return { samples, status: await system.status(), rig };
    if (second > 0 && second % restartEveryS === 0) await rig?.restart();
    reader.messages.length = 0;
    await after(1000);
  }
}

async function sample(system: System, second: number): Promise<Sample> {
  const { ledger, process: daemon, decoder } = await system.status();
  if (!balances(ledger)) throw new Error(`the ledger does not balance: ${JSON.stringify(ledger)}`);
  const [daemonMiB, decoderMiB] = [mib(daemon.rssBytes), residentMiB(decoder.pid!)];
  const said = `${second} s: daemon ${daemonMiB.toFixed(1)} MiB, decoder ${decoderMiB.toFixed(1)} MiB\n`;
  if (second % 60 === 0) process.stderr.write(said);
  return { minute: second / 60, daemonMiB, decoderMiB };
}

function row(name: string, samples: readonly Sample[], of: (sample: Sample) => number): string {
  const at = (minute: number) => {
    const nearest = samples.find((each) => each.minute >= minute);
    return (nearest === undefined ? Number.NaN : of(nearest)).toFixed(0);
  };
  const half = samples.slice(Math.floor(samples.length / 2));
  const values = half.map(of);
  const band = `${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)}`;
  const { perHour, error } = slope(half.map((each) => [each.minute / 60, of(each)] as const));
  const end = samples.at(-1)!.minute;
  return `| ${name} | ${[0, 1, end / 2, end].map(at).join(" | ")} | ${band} | ${perHour.toFixed(1)} ± ${error.toFixed(1)} |`;
}

function report({ samples, status, rig }: Soak): string {
  const given = ["minutes", "rate", "restart-every", "bundle"] as const;
  const args = given.flatMap((key) => (options[key] === undefined ? [] : [`--${key} ${options[key]}`]));
  const source = rig === null ? "rig at real time" : `${options.rate} spikes/s, the rig killed ${rig.restarts} times`;
  return [
    `${machine()}. ${new Date().toISOString().slice(0, 10)}. Command: \`npm run bench:soak -- ${args.join(" ")}\`: ${source}, one viewer that reads everything and one that reads nothing.`,
    "",
    "| RSS, MiB | start | 1 min | half | end | band of the second half | its slope, MiB/h |",
    "|---|--:|--:|--:|--:|--:|--:|",
    row("daemon", samples, (each) => each.daemonMiB),
    row("decoder process", samples, (each) => each.decoderMiB),
    "",
    `Source: ${JSON.stringify(status.source.counters)}; spikes late for their bin: ${status.spikes.late}. Ledger: ${JSON.stringify(status.ledger)}; it balanced at each of ${samples.length} polls.`,
  ].join("\n");
}

const text = report(await soak());
process.stdout.write(`${text}\n`);
if (options.write) replaceSection("docs/performance.md", options.section, text);
