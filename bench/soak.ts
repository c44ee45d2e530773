// `npm run bench -- soak`: memory of daemon and decoder process over time, with a rig, a viewer that reads and one that does not. With `--rate` the
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
import { beginRun, OUTPUT_OPTIONS, publish } from "./output.ts";
import { residentMiB } from "./process-usage.ts";
import { type MemorySample, type SoakResult, soakText } from "./soak/result.ts";
import { type SpikeRig, startSpikeRig } from "./soak/spike-rig.ts";
import { type System, startDaemon, startSystem } from "./system.ts";

const OPTIONS = {
  ...OUTPUT_OPTIONS,
  minutes: { type: "string" },
  rate: { type: "string" },
  "restart-every": { type: "string" },
  bundle: { type: "string", default: "models/demo" },
} as const;
const MINUTES = { full: "30", smoke: "0.1" };
/** Between two samples, s. */
const POLL_S = { full: 10, smoke: 1 };

interface Wanted {
  readonly bundle: string;
  readonly minutes: number;
  readonly rateHz: number | null;
  readonly restartEveryS: number;
  readonly pollS: number;
}

export async function soak(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: OPTIONS });
  const end = beginRun("soak", args);
  const size = values.smoke ? "smoke" : "full";
  const wanted: Wanted = {
    bundle: values.bundle,
    minutes: Number(values.minutes ?? MINUTES[size]),
    rateHz: values.rate === undefined ? null : Number(values.rate),
    restartEveryS: Number(values["restart-every"] ?? Number.POSITIVE_INFINITY),
    pollS: POLL_S[size],
  };
  const { samples, status, rigKilled } = await run(wanted);
  const { bundle, minutes, rateHz } = wanted;
  const { source, ledger, viewers } = status;
  const counts = { source: source.counters, lateSpikes: status.spikes.late, ledger, viewers };
  const result: SoakResult = { ...end(), bundle, minutes, rateHz, rigKilled, samples, ...counts };
  publish(result, soakText(result), { ...values, section: values.section ?? "soak" });
}

async function run({ bundle, minutes, rateHz, restartEveryS, pollS }: Wanted) {
  const { system, rig } = await start(bundle, rateHz);
  await using _system = system;
  await using _rig = rig;
  await using reader = await TestViewer.connect(system.streamUrl, "frame", "latents", "spikes", "event", "status");
  await using stopped = await TestViewer.connect(system.streamUrl, "frame", "latents", "spikes", "event", "status");
  stopped.socket.pause();
  const samples: MemorySample[] = [];
  for (let second = 0; ; second++) {
    if (second % pollS === 0) samples.push(await sample(system, second));
    if (second >= 60 * minutes) return { samples, status: await system.status(), rigKilled: rig?.restarts ?? 0 };
    if (second > 0 && second % restartEveryS === 0) await rig?.restart();
    reader.messages.length = 0;
    await after(1000);
  }
}

/** Either the session's rig at real time, or spikes at the wanted rate. */
async function start(bundle: string, rateHz: number | null): Promise<{ system: System; rig: SpikeRig | null }> {
  if (rateHz === null) return { system: await startSystem(bundle), rig: null };
  const { units } = JSON.parse(readFileSync(join(bundle, "manifest.json"), "utf8"));
  const port = await freePortPair();
  const rig = await startSpikeRig(port, units.labels, rateHz);
  const folder = mkdtempSync(join(tmpdir(), "phosphene-"));
  const source = { options: { endpoint: `tcp://127.0.0.1:${port}`, continuous: true, heartbeat: false } };
  writeFileSync(join(folder, "config.yaml"), stringify({ source, bundle, stimuli: null }));
  const system = await startDaemon(["--config", join(folder, "config.yaml"), "--port", "0"]);
  rmSync(folder, { recursive: true });
  return { system, rig };
}

async function sample(system: System, second: number): Promise<MemorySample> {
  const { ledger, process: daemon, decoder }: StatusBody = await system.status();
  if (!balances(ledger)) throw new Error(`the ledger does not balance: ${JSON.stringify(ledger)}`);
  const [daemonMiB, decoderMiB] = [daemon.rssBytes / 2 ** 20, residentMiB(decoder.pid ?? system.pid)];
  const said = `${second} s: daemon ${daemonMiB.toFixed(1)} MiB, decoder ${decoderMiB.toFixed(1)} MiB\n`;
  if (second % 60 === 0) process.stderr.write(said);
  return { minute: second / 60, daemonMiB, decoderMiB };
}
