import { join } from "node:path";
import { Subject } from "rxjs";
import { readBundle } from "../../daemon/bundle.ts";
import { decodeStage } from "../../daemon/decode-stage.ts";
import type { DecoderHost } from "../../daemon/decoder/host.ts";
import { FrameWriter } from "../../daemon/frames.ts";
import { LatencyRecorder } from "../../daemon/latency.ts";
import type { Decoded } from "../../src/decode/decoder.ts";
import { FrameBudget, type Shares } from "../../src/decode/frame-budget.ts";
import { balances, Ledger, type Outcome } from "../../src/ledger.ts";
import { latest } from "../../src/ops/latest.ts";
import type { FrameBody } from "../../src/protocol/messages.ts";
import { ClockMap } from "../../src/signal/clock.ts";
import type { Window } from "../../src/signal/types.ts";

export const CADENCE_MS = 40;
export const BUDGET_MS = 50;
export const COSTS = { "1": 12, "2": 23, "4": 45 };

export interface Script {
  readonly lateFrames: "drop" | "show-late";
  readonly noTime: "hold" | "expire";
  readonly shares?: Shares;
  /** The evidence withholds every picture. */
  readonly withheld?: boolean;
  /** One for each bin: its model run takes so long, ms (null: as at warm-up), and writing its frame. A negative cost fails. */
  readonly bins: readonly { readonly modelMs: number | null; readonly writeMs: number }[];
}

export interface Simulated {
  readonly ledger: Ledger;
  readonly budget: FrameBudget;
  readonly outcomes: ReadonlyMap<number, Outcome>;
  /** What a viewer that reads at once got, and when the write to it began. */
  readonly shown: readonly { readonly frame: FrameBody; readonly atMs: number }[];
  /** Bins whose model run ended after their deadline. */
  readonly overdue: readonly number[];
}

const { manifest, digest } = await readBundle(join(import.meta.dirname, "../fixtures/tiny-bundle"));
const floats = (count: number) => new Float32Array(count);

/** The pipeline from the mailbox to the write, in virtual time: real operators, real books, a model that takes as long as the script says. */
export async function simulate(script: Script): Promise<Simulated> {
  const outcomes = new Map<number, Outcome>();
  const ledger = new Ledger((bin, outcome) => outcomes.set(bin, outcome));
  const shown: { frame: FrameBody; atMs: number }[] = [];
  const overdue: number[] = [];
  const clock = { nowMs: 0 };
  const now = () => clock.nowMs;
  let due = null as { atMs: number; finish: () => void } | null;
  let writeMs = 0;
  const shares = script.shares ?? { waitMs: null, modelMs: null, writeMs: null };
  const budget = new FrameBudget({ totalMs: BUDGET_MS, shares, maxSteps: 4, cadenceMs: CADENCE_MS });
  budget.rebase(COSTS);
  const write = (frame: FrameBody, expiresAtMs: number) => {
    if (clock.nowMs <= expiresAtMs) shown.push({ frame, atMs: clock.nowMs });
    clock.nowMs += writeMs;
    if (!balances(ledger.counts())) throw new Error("the ledger does not balance inside a write");
    return clock.nowMs;
  };
  const { lateFrames, noTime } = script;
  const writer = new FrameWriter({ ledger, latency: new LatencyRecorder(), budget, lateFrames, noTime, now, write });
  const decode = ({ steps }: { steps: number }, { last }: Window) =>
    new Promise<Decoded>((resolve, reject) => {
      const cost = script.bins[last.index]!.modelMs ?? COSTS[`${steps}` as keyof typeof COSTS];
      const atMs = clock.nowMs + Math.abs(cost);
      const finish = () => {
        writeMs = script.bins[last.index]!.writeMs;
        if (cost < 0) reject(new Error("scripted failure"));
        else {
          if (clock.nowMs > last.closedAtMs + BUDGET_MS) overdue.push(last.index);
          resolve(decoded(clock.nowMs));
        }
      };
      due = { atMs, finish };
    });
  let current: Window | null = null;
  const supervisor = { state: "ready", info: null, decode: (request: { steps: number }) => decode(request, current!) };
  const steering = { gamma: [0, 0, 0, 0], guidance: null };
  const stage = decodeStage({
    ...{
      supervisor: supervisor as unknown as DecoderHost,
      budget,
      ledger,
      manifest: trusting(script.withheld),
      digest,
      now,
    },
    ...{ clock: new ClockMap(), seed: 1, fromMonotonic: (ms: number) => ms, steering: () => steering },
    version: () => 0,
    losses: () => 0,
    eventBefore: () => null,
    onFailure: () => {},
    onNoTime: (window, decision) => writer.expire(window, decision),
  });
  const windows$ = new Subject<Window>();
  const work = (window: Window) => {
    current = window;
    return stage(window);
  };
  windows$
    .pipe(latest(work, ({ last }) => ledger.settle(last.index, "superseded")))
    .subscribe((frame) => frame !== null && writer.write(frame));
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  for (let bin = 0; bin < script.bins.length || due !== null; ) {
    const closesMs = bin < script.bins.length ? bin * CADENCE_MS : Number.POSITIVE_INFINITY;
    const run = due;
    if (run !== null && run.atMs <= closesMs) {
      due = null;
      clock.nowMs = Math.max(clock.nowMs, run.atMs);
      run.finish();
    } else {
      clock.nowMs = Math.max(clock.nowMs, closesMs);
      ledger.open(bin);
      windows$.next(windowOf(bin++, clock.nowMs));
    }
    await settle();
    if (!balances(ledger.counts())) throw new Error("the ledger does not balance");
  }
  return { ledger, budget, outcomes, shown, overdue };
}

function trusting(withheld = false): typeof manifest {
  const bitsThreshold = withheld ? 1e9 : -1;
  const evidence = { ...manifest.evidence, bitsThreshold, explainedThreshold: -2, atypicalityThreshold: 1e9 };
  return { ...manifest, evidence };
}

function windowOf(index: number, closedAtMs: number): Window {
  const values = floats(manifest.bins.window * manifest.units.count).fill(index % 7);
  const last = { index, source: "rig", startS: 0, endS: 0.02, closedAtMs, arrivedAtMs: closedAtMs, lastSpikeAtMs: 0 };
  return { first: last, last, values, counts: values, silent: null } as unknown as Window;
}

function decoded(atMs: number): Decoded {
  const latents = manifest.latents.dimension;
  return {
    image: new Uint8Array(3),
    ...{
      mu: floats(latents),
      logvar: floats(latents),
      expected: floats(manifest.units.count),
      readouts: {},
      history: 0,
    },
    ...{ startedMs: atMs, encodedMs: atMs, steppedMs: [], synthesisedMs: atMs },
  };
}
