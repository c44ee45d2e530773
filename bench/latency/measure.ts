import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { balances } from "../../src/ledger.ts";
import type { StatusBody } from "../../src/protocol/messages.ts";
import { parseTrace, type TraceBody } from "../../src/protocol/trace.ts";
import { startHog } from "../hog.ts";
import { type Usage, UsageWatch } from "../process-usage.ts";
import { type System, startSystem } from "../system.ts";
import type { Plan } from "./plan.ts";
import { FrameWatch } from "./watch.ts";

/** Between two samples of memory, ms. */
const SAMPLE_MS = 1000;

export interface Measured {
  readonly trace: TraceBody;
  /** First and last frame that count. */
  readonly seqs: readonly [number, number];
  readonly receivedMs: ReadonlyMap<number, number>;
  readonly seconds: number;
  readonly before: StatusBody;
  readonly after: StatusBody;
  readonly daemon: Usage | null;
  /** null when the decoder process was restarted meanwhile, or shares the daemon's. */
  readonly decoder: Usage | null;
}

/** Plays the plan until `frames` frames were written after the warm-up, beside so many busy processes. Nothing is asked of the daemon meanwhile. */
export async function measure(plan: Plan, frames: number, warmUp: number, hogs: number): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), "phosphene-"));
  const file = join(folder, "config.yaml");
  writeFileSync(file, stringify(plan.config));
  try {
    await using system = await startSystem(plan.dir, ["--config", file], ["--block-ms", String(plan.blockMs)]);
    // After the decoder has measured its costs on a quiet machine: the load is to be found out while running.
    await using _hog = await startHog(hogs);
    return await watch(system, frames, warmUp);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function watch(system: System, frames: number, warmUp: number): Promise<Measured> {
  await using viewer = await FrameWatch.connect(system.streamUrl);
  await viewer.reached(warmUp - 1);
  const before = await checkedStatus(system);
  const decoderPid = before.decoder.pid;
  const watches = [system.pid, decoderPid].map((pid) => (pid === null ? null : new UsageWatch(pid)));
  const timer = setInterval(() => {
    for (const each of watches) each?.sample();
    say(`${viewer.lastSeq - first + 1} / ${frames} frames`);
  }, SAMPLE_MS);
  const first = viewer.lastSeq + 1;
  const startedMs = performance.now();
  try {
    await viewer.reached(first + frames - 1);
  } finally {
    clearInterval(timer);
  }
  const seconds = (performance.now() - startedMs) / 1000;
  const [daemon, decoder] = watches.map((each) => each?.usage() ?? null);
  const trace = await readTrace(system);
  const seqs = [first, first + frames - 1] as const;
  const usages = { daemon: daemon ?? null, decoder: decoder ?? null };
  return { trace, seqs, receivedMs: viewer.receivedMs, seconds, before, after: await checkedStatus(system), ...usages };
}

async function checkedStatus(system: System): Promise<StatusBody> {
  const status = await system.status();
  if (!balances(status.ledger)) throw new Error(`the ledger does not balance: ${JSON.stringify(status.ledger)}`);
  return status;
}

async function readTrace({ url }: System): Promise<TraceBody> {
  const trace = parseTrace(await (await fetch(`${url}/trace`)).json());
  if (typeof trace === "string") throw new Error(`/trace: ${trace}`);
  return trace;
}

function say(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${text} `);
}
