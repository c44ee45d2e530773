import { type Origin, originText } from "../output.ts";
import { table } from "../table.ts";
import type { Comparison, Row } from "./compare.ts";
import type { Limit } from "./limits.ts";
import { SYSTEMS } from "./systems.ts";

export interface PeersResult extends Origin {
  readonly versions: Record<string, string>;
  readonly comparisons: readonly Comparison[];
  readonly limits: { readonly spikesHz: readonly Limit[]; readonly framesHz: readonly Limit[] };
  readonly skipped: Record<string, string>;
}

/** The section `peers` of docs/performance.md. */
export function peersText(result: PeersResult): string {
  const { versions, comparisons, limits, skipped } = result;
  const about =
    Object.keys(versions).length === 0 ? "" : ` ${list(versions, (name, version) => `${name} ${version}`)}.`;
  const missing = Object.entries(skipped).map(([name, why]) => `Not run: ${name} (${why.split("\n")[0]}).`);
  return [
    `${originText(result)}${about}`,
    ...missing,
    ...comparisons.flatMap((comparison) => ["", ...comparisonText(comparison)]),
    ...limitText("spikes/s, bins of the bundle", limits.spikesHz),
    ...limitText("frames/s", limits.framesHz),
  ].join("\n");
}

function comparisonText({ workload, widthMs, load, rows }: Comparison): string[] {
  const { rateHz, seconds, rounds, bundle, blockMs } = workload;
  const systems = rows.map(({ system }) => `*${system}*: ${SYSTEMS[system]?.about}`).join("; ");
  return [
    `**${rateHz} spikes/s, ${1000 / widthMs} frames/s**, bundle \`${bundle}\`, blocks of ${Math.min(blockMs, widthMs)} ms, ${rounds} x ${seconds} s in turn, load ${load.toFixed(1)}. ${systems}.`,
    "",
    ...table(rows.map(cells), ["ms", "p50", "p90", "p99", "p99.9", "max", "N", "lost", "late", "CPU"]),
    "",
    ...ratios(rows),
    ...rows.map(({ system, agreement, problems }) => {
      const { compared, mu, image } = agreement;
      const said = `${system}: ${compared} outputs compared, latents within ${mu.toExponential(1)}, pictures within ${image} levels`;
      return problems.length === 0 ? `${said}.` : `**${system} is wrong**: ${problems.join("; ")}.`;
    }),
  ];
}

function cells({ system, latencyMs, lost, late, cpu }: Row): string[] {
  const { p50, p90, p99, p999, max, n } = latencyMs;
  const ms = [p50, p90, p99, p999, max].map((value) => value.toFixed(2));
  return [system, ...ms, String(n), String(lost), String(late), `${(100 * cpu).toFixed(0)} %`];
}

/** Ours over each peer's, at p50 and p99. */
function ratios(rows: readonly Row[]): string[] {
  const ours = rows.find(({ system }) => system === "phosphene");
  const peers = rows.filter(({ system }) => system !== "phosphene");
  if (ours === undefined || peers.length === 0) return [];
  const ratio = ({ latencyMs, system }: Row) =>
    `${system} ${(ours.latencyMs.p50 / latencyMs.p50).toFixed(2)} at p50, ${(ours.latencyMs.p99 / latencyMs.p99).toFixed(2)} at p99`;
  return [`Phosphene's latency over that of ${peers.map(ratio).join("; ")}.`, ""];
}

function limitText(unit: string, limits: readonly Limit[]): string[] {
  if (limits.length === 0) return [];
  const rows = limits.map(({ system, held, broke, rows: steps }) => {
    const last = steps.findLast(({ step }) => step === held);
    const why = broke === null ? "every step held" : `${broke.step}: ${broke.why}`;
    return [system, held === null ? "none" : String(held), last?.latencyMs.p99.toFixed(2) ?? "", why];
  });
  return ["", `Highest sustained rate, ${unit}:`, "", ...table(rows, ["", "held", "p99 there, ms", "next step"])];
}

function list(entries: Record<string, string>, say: (key: string, value: string) => string): string {
  return Object.entries(entries)
    .map(([key, value]) => say(key, value))
    .join(", ");
}
