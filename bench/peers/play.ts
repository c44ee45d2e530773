import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import type { LedgerCounts } from "../../src/protocol/messages.ts";
import type { ClientReport, ClientRequest, Kept } from "./client.ts";
import { freePort } from "./free-port.ts";
import { cpuSeconds } from "./program.ts";
import type { PublisherReport, PublisherRequest } from "./publisher.ts";
import type { Train } from "./spikes.ts";
import type { Setting, StartedSystem, System } from "./systems.ts";

export interface PlayOptions extends Omit<Setting, "spikesPort"> {
  readonly labels: readonly string[];
  readonly train: Train;
  readonly blockMs: number;
  /** Bins of the first so many seconds do not count: everything warms up. */
  readonly warmUpS: number;
  readonly keepEvery: number;
}

export interface Played {
  /** From the hand-over of the block that closes a bin to the arrival of its output, ms; bins in order. */
  readonly latencyMs: number[];
  /** Bins that were closed, and those among them that had no output. */
  readonly expected: number;
  readonly lost: number;
  /** Processor time of the system, s, in `seconds` of the run. */
  readonly cpuS: number;
  readonly seconds: number;
  readonly publisher: Omit<PublisherReport, "closedMs">;
  readonly kept: readonly Kept[];
  /** The daemon's own account of all bins of the run, those of the warm-up and after the last spike too. */
  readonly ledger?: LedgerCounts | undefined;
}

/** One run: rig, system and client as processes of their own. */
export async function play(system: System, options: PlayOptions): Promise<Played> {
  const spikesPort = await freePort();
  await using publisher = child("publisher");
  await using client = child("client");
  const { labels, train, blockMs, widthMs, latenessMs, keepEvery } = options;
  const request: PublisherRequest = { port: spikesPort, labels, train, blockMs, widthMs, latenessMs };
  await publisher.ask(request);
  await using started = await system.start({ ...options, spikesPort });
  await client.ask({ ...pick(started), widthMs, keepEvery, steps: options.steps } satisfies ClientRequest);
  await publisher.next();
  const [cpuBeforeS, startedMs] = [cpuSeconds(started.pid), performance.now()];
  const { closedMs, ...sent } = await publisher.ask<PublisherReport>("go");
  const [cpuS, seconds] = [cpuSeconds(started.pid) - cpuBeforeS, (performance.now() - startedMs) / 1000];
  await still(() => client.ask<number>("count"));
  const received = await client.ask<ClientReport>("report");
  const ledger = await started.ledger?.();
  const first = Math.ceil((options.warmUpS * 1000) / widthMs);
  return { ...latencies(closedMs, received, first), cpuS, seconds, publisher: sent, kept: received.kept, ledger };
}

function pick({ transport, address }: StartedSystem) {
  return { transport, address };
}

/** Of every bin from `first` on that was closed by a spike. What the wall closed after the last spike is nobody's duty. */
export function latencies(closedMs: PublisherReport["closedMs"], { bins, atMs }: ClientReport, first: number) {
  const arrived = new Map<number, number>();
  bins.forEach((bin, i) => {
    if (!arrived.has(bin)) arrived.set(bin, atMs[i]!);
  });
  const latencyMs: number[] = [];
  let lost = 0;
  for (let bin = first; bin < closedMs.length; bin++) {
    const at = arrived.get(bin);
    if (at === undefined) lost++;
    else latencyMs.push(at - (closedMs[bin] ?? Number.NaN));
  }
  return { latencyMs, lost, expected: latencyMs.length + lost };
}

interface Child extends AsyncDisposable {
  next<T>(): Promise<T>;
  ask<T>(message: string | object): Promise<T>;
}

/** A process of ours; messages that came before they were waited for are kept. */
function child(name: string): Child {
  const process: ChildProcess = fork(join(import.meta.dirname, `${name}.ts`));
  const ended = once(process, "exit");
  const messages: unknown[] = [];
  let came = () => {};
  process.on("message", (message) => {
    messages.push(message);
    came();
  });
  const next = async <T>(): Promise<T> => {
    while (messages.length === 0) {
      if (process.exitCode !== null) throw new Error(`${name} ended with ${process.exitCode}`);
      await new Promise<void>((resolve) => {
        came = resolve;
        process.once("exit", () => resolve());
      });
    }
    return messages.shift() as T;
  };
  return {
    next,
    ask: (message) => {
      process.send(message);
      return next();
    },
    async [Symbol.asyncDispose]() {
      process.kill("SIGKILL");
      await ended;
    },
  };
}

/** Resolves once a number has stopped growing. */
async function still(count: () => Promise<number>): Promise<void> {
  for (let before = -1; ; ) {
    const now = await count();
    if (now === before) return;
    before = now;
    await after(500);
  }
}
