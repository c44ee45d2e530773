import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { monotonicMs } from "../../daemon/monotonic.ts";
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
const WARM_UP_LIMIT_MS = 120_000;
/** After the last bin that counts, ms. */
const SETTLE_MS = 500;

export interface Measured {
  readonly trace: TraceBody;
  /** From when on bins count, daemon ms, and how many that were to give a frame. */
  readonly fromMs: number;
  readonly count: number;
  readonly receivedMs: ReadonlyMap<number, number>;
  readonly seconds: number;
  readonly before: StatusBody;
  readonly after: StatusBody;
  readonly daemon: Usage | null;
  /** null when the decoder process was restarted meanwhile, or shares the daemon's. */
  readonly decoder: Usage | null;
}

/** Plays the plan for as long as `frames` frames take at its cadence, after the warm-up, beside so many busy processes. Nothing is asked of the daemon meanwhile. */
export async function measure(plan: Plan, frames: number, warmUp: number, hogs: number): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), "phosphene-"));
  const file = join(folder, "config.yaml");
  writeFileSync(file, stringify(plan.config));
  try {
    await using system = await startSystem(
      plan.dir,
      ["--config", file, "--stimuli", plan.session],
      ["--block-ms", String(plan.blockMs), "--session", plan.session],
    );
    // After the decoder has measured its costs on a quiet machine: the load is to be found out while running.
    await using _hog = await startHog(hogs);
    return await watch(system, plan, frames, warmUp);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function watch(system: System, plan: Plan, frames: number, warmUp: number): Promise<Measured> {
  await using viewer = await FrameWatch.connect(system.streamUrl);
  await viewer.reached(warmUp - 1, WARM_UP_LIMIT_MS);
  const before = await checkedStatus(system);
  const decoderPid = before.decoder.pid;
  const watches = [system.pid, decoderPid].map((pid) => (pid === null ? null : new UsageWatch(pid)));
  const timer = setInterval(() => {
    for (const each of watches) each?.sample();
    say(`${((monotonicMs() - startedMs) / 1000).toFixed(0)} s`);
  }, SAMPLE_MS);
  const startedMs = monotonicMs();
  try {
    await viewer.stays(frames * plan.widthMs * plan.everyBins);
  } finally {
    clearInterval(timer);
  }
  const seconds = (monotonicMs() - startedMs) / 1000;
  const [daemon = null, decoder = null] = watches.map((each) => each?.usage() ?? null);
  // What was offered last is settled within its budget; a bin or two more may have been due to the rig's pace.
  await viewer.stays(SETTLE_MS);
  const trace = await readTrace(system);
  const fromMs = startedMs - trace.originMs;
  const after = await checkedStatus(system);
  return { trace, fromMs, count: frames, receivedMs: viewer.receivedMs, seconds, before, after, daemon, decoder };
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
