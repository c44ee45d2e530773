import type { LatencyResult } from "../latency/result.ts";

/** One result of `bench -- latency` with what it is called in a figure. */
export interface LabelledRun {
  readonly label: string;
  readonly result: LatencyResult;
}

/** Where and how the run was made, in a line for a caption. */
export function provenance({
  offered,
  wantedHz,
  bundle,
  machine,
  loadAfter,
  startedAt,
  commit,
}: LatencyResult): string {
  const scheduled = machine.scheduling === "other" ? "" : ` (${machine.scheduling})`;
  const where = `${machine.gpu ?? `${machine.cores} cores ${machine.cpu}`}${scheduled}`;
  const load = `load ${machine.load.toFixed(1)} to ${loadAfter.toFixed(1)}`;
  return `N = ${offered} bins at ${wantedHz.toFixed(0)}/s, ${bundle.name} ${bundle.image}, ${where}, ${load}, ${startedAt.slice(0, 10)}, commit ${commit}`;
}
