import { compareSystems, type Row, type Workload } from "./compare.ts";

export interface Limit {
  readonly system: string;
  /** The highest step that held, null where none did. */
  readonly held: number | null;
  /** The step that did not, and why; null where every step held. */
  readonly broke: { readonly step: number; readonly why: string } | null;
  readonly rows: readonly (Row & { readonly step: number })[];
}

/** Other work of a machine may spoil a step once. */
const TRIES = 2;

/** Raises the load step by step until outputs are lost, p99 is beyond the width of a bin, or the answers are wrong, every time that it is tried. */
export async function findLimit(
  system: string,
  steps: readonly number[],
  workloadAt: (step: number) => Workload,
): Promise<Limit> {
  const rows: (Row & { step: number })[] = [];
  let held: number | null = null;
  for (const step of steps) {
    let why: string | null = null;
    for (let tried = 0; tried < TRIES && (tried === 0 || why !== null); tried++) {
      const { rows: found, widthMs } = await compareSystems([system], workloadAt(step));
      rows.push({ ...found[0]!, step });
      why = failure(found[0]!, widthMs);
    }
    if (why !== null) return { system, held, broke: { step, why }, rows };
    held = step;
  }
  return { system, held, broke: null, rows };
}

function failure({ lost, expected, latencyMs, problems }: Row, widthMs: number): string | null {
  if (lost > 0) return `${lost} of ${expected} outputs lost`;
  if (!(latencyMs.p99 <= widthMs)) return `p99 ${latencyMs.p99.toFixed(1)} ms`;
  return problems[0] ?? null;
}
