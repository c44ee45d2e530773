import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { stringify } from "yaml";
import type { StatusBody } from "../../src/protocol/messages.ts";
import { freePortPair } from "../../test/integration/processes.ts";
import type { DaemonSnapshot } from "./daemon.ts";

/** What every rig is asked, and what it says. */
export interface RigRequest {
  readonly port: number;
  readonly labels: readonly string[];
  readonly rateHz: number;
  readonly seconds: number;
  readonly blockMs: number;
}

export interface RigReport {
  readonly sent: number;
  readonly cpuS: number;
}

export interface Run<Report> {
  readonly rateHz: number;
  readonly seconds: number;
  readonly publisher: Report;
  readonly daemon: DaemonSnapshot;
  readonly before: StatusBody;
  readonly after: StatusBody;
  readonly daemonCpuS: number;
  /** Load of the machine in the minute that ended with the run. */
  readonly load: number;
}

export interface RunOptions {
  readonly rig: "publisher" | "wire-publisher";
  readonly bundle: string;
  readonly rateHz: number;
  readonly seconds: number;
  readonly blockMs: number;
  readonly burstAtS?: number;
}

/** A rig and a whole daemon as processes of their own: plays one run of the rig. */
export async function play<Report extends RigReport>(options: RunOptions): Promise<Run<Report>> {
  const { rig, bundle, rateHz, seconds } = options;
  const folder = mkdtempSync(join(tmpdir(), "phosphene-"));
  const port = await freePortPair();
  const { units } = JSON.parse(readFileSync(join(bundle, "manifest.json"), "utf8"));
  const publisher = child(rig);
  await ask(publisher, { ...options, port, labels: units.labels } satisfies RigRequest);
  const config = join(folder, "config.yaml");
  writeFileSync(config, stringify(daemonConfig(port, bundle)));
  const daemon = child("daemon", config, rig === "wire-publisher" ? "blocks" : "spikes");
  const [url] = await once(daemon, "message");
  try {
    const status = async () => (await (await fetch(`${url}/status`)).json()) as StatusBody;
    await until(async () => (await status()).source.detail.startsWith("connected"));
    const first = await ask<DaemonSnapshot>(daemon, "snapshot");
    const before = await status();
    const report = await ask<Report>(publisher, "go");
    await arrived(status);
    const last = await ask<DaemonSnapshot>(daemon, "snapshot");
    const [daemonCpuS, load] = [last.cpuS - first.cpuS, loadavg()[0]!];
    return { rateHz, seconds, publisher: report, daemon: last, before, after: await status(), daemonCpuS, load };
  } finally {
    daemon.send("stop");
    publisher.send("stop");
    await Promise.all([once(daemon, "exit"), once(publisher, "exit")]);
    rmSync(folder, { recursive: true });
  }
}

function child(name: string, ...args: string[]): ChildProcess {
  return fork(join(import.meta.dirname, `${name}.ts`), args);
}

async function ask<T>(process: ChildProcess, message: string | object): Promise<T> {
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

function daemonConfig(port: number, bundle: string) {
  return {
    source: { options: { endpoint: `tcp://127.0.0.1:${port}`, continuous: true, heartbeat: false } },
    bundle,
    stimuli: null,
    decode: { everyBins: 1 },
    server: { port: 0 },
    log: { level: "warn" },
  };
}
