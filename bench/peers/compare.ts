import { loadavg } from "node:os";
import type { LedgerCounts } from "../../src/protocol/messages.ts";
import { type Distribution, distribution } from "../distribution.ts";
import { type Agreement, compare, complaints, linearReference } from "./agreement.ts";
import { openBundle, withBinWidth } from "./bundle.ts";
import type { Kept } from "./client.ts";
import { type Played, type PlayOptions, play } from "./play.ts";
import { type Setting, SYSTEMS } from "./systems.ts";

export interface Workload extends Pick<Setting, "latenessMs" | "decode" | "steps" | "device"> {
  readonly bundle: string;
  /** Of the bins, ms; null for the bundle's own. */
  readonly widthMs: number | null;
  readonly rateHz: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly blockMs: number;
  readonly seed: number;
}

export interface Row {
  readonly system: string;
  readonly latencyMs: Distribution;
  readonly expected: number;
  readonly lost: number;
  /** Outputs that came later than a bin's width after their bin was closed. */
  readonly late: number;
  /** Processor time of the system a second of the run, s. */
  readonly cpu: number;
  /** Longest that the rig handed a block over after its time, ms; blocks that it could not hand over because the system did not read. */
  readonly rigLatestMs: number;
  readonly rigQueued: number;
  /** What the daemon did with the bins of each round; empty for the peers, which keep no account. */
  readonly ledgers: readonly LedgerCounts[];
  readonly agreement: Agreement;
  readonly problems: readonly string[];
}

export interface Comparison {
  readonly workload: Workload;
  readonly widthMs: number;
  readonly load: number;
  readonly rows: readonly Row[];
}

const WARM_UP_S = 2;

/** Plays the workload to each system in turn, round after round, so that what else the machine does meets all of them. */
export async function compareSystems(names: readonly string[], workload: Workload): Promise<Comparison> {
  const bundle = await withBinWidth(workload.bundle, workload.widthMs ?? openBundle(workload.bundle).widthMs);
  const { dir, kind, labels, widthMs } = openBundle(bundle);
  const { rateHz, blockMs, latenessMs, decode, steps, device } = workload;
  const seconds = workload.seconds + WARM_UP_S;
  const keepEvery = Math.max(1, Math.round((seconds * 1000) / widthMs / 40));
  const rounds: { trials: PlayOptions["train"]; played: Map<string, Played> }[] = [];
  for (let round = 0; round < workload.rounds; round++) {
    const train = { units: labels.length, rateHz, seconds, seed: workload.seed + round };
    const setting = { bundle: dir, widthMs, latenessMs, decode, steps, device };
    const options = { ...setting, labels, train, blockMs: Math.min(blockMs, widthMs), warmUpS: WARM_UP_S, keepEvery };
    const played = new Map<string, Played>();
    for (const name of names) {
      process.stderr.write(`${name}: ${rateHz} spikes/s, ${1000 / widthMs} frames/s, ${seconds} s\n`);
      played.set(name, await play(SYSTEMS[name]!, options));
    }
    rounds.push({ trials: train, played });
  }
  const references = await Promise.all(
    rounds.map(({ trials, played }) => referenceOf(kind, dir, trials, [...played.values()])),
  );
  const rows = names.map((name) =>
    rowOf(
      name,
      kind,
      widthMs,
      rounds.map(({ played }) => played.get(name)!),
      references,
    ),
  );
  return { workload, widthMs, load: loadavg()[0]!, rows };
}

/** Linear: computed from what the rig sent. Diffusion: what the first system made of it, against which the others are held. */
async function referenceOf(
  kind: string,
  dir: string,
  train: PlayOptions["train"],
  played: readonly Played[],
): Promise<Map<number, Kept>> {
  const bins = [...new Set(played.flatMap(({ kept }) => kept.map(({ bin }) => bin)))];
  if (kind === "linear") return linearReference(dir, train, bins);
  return new Map(played[0]?.kept.map((kept) => [kept.bin, kept]));
}

function rowOf(
  system: string,
  kind: string,
  widthMs: number,
  played: readonly Played[],
  references: readonly Map<number, Kept>[],
): Row {
  const sum = (of: (one: Played) => number) => played.reduce((total, one) => total + of(one), 0);
  const latencies = played.flatMap(({ latencyMs }) => latencyMs);
  const agreements = played.map(({ kept }, round) => compare(kept, (bin) => references[round]!.get(bin)));
  const most = (of: (agreement: Agreement) => number) => Math.max(...agreements.map(of));
  const agreement = {
    compared: agreements.reduce((total, { compared }) => total + compared, 0),
    mu: most(({ mu }) => mu),
    image: most(({ image }) => image),
    distinct: most(({ distinct }) => distinct),
  };
  return {
    system,
    latencyMs: distribution(latencies),
    expected: sum(({ expected }) => expected),
    lost: sum(({ lost }) => lost),
    late: latencies.filter((ms) => ms > widthMs).length,
    cpu: sum(({ cpuS }) => cpuS) / sum(({ seconds }) => seconds),
    rigLatestMs: Math.max(...played.map(({ publisher }) => publisher.latestMs)),
    rigQueued: sum(({ publisher }) => publisher.queued),
    ledgers: played.flatMap(({ ledger }) => ledger ?? []),
    agreement,
    problems: complaints(kind, agreement),
  };
}
