import type { Outputs } from "./job.ts";

/** How far two paths agree on one graph, over fresh random inputs. */
export interface Agreement {
  readonly graph: string;
  readonly inputs: number;
  readonly bitEqual: number;
  /** Largest absolute difference. */
  readonly worst: number;
  /** Inputs whose answer the control got wrong, the upload left out: nearly all, or the comparison proves nothing. */
  readonly staleNoticed: number;
}

export function compare(wanted: readonly Outputs[], got: readonly Outputs[], stale: readonly Outputs[]): Agreement[] {
  return wanted.map(({ graph, values }, i) => ({
    graph,
    inputs: values.length,
    bitEqual: values.filter((value, at) => value === got[i]?.values[at]).length,
    worst: Math.max(...values.map((value, at) => difference(value, got[i]?.values[at]))),
    staleNoticed: values.filter((value, at) => value !== stale[i]?.values[at]).length,
  }));
}

function difference(wanted: string, got: string | undefined): number {
  const [a, b] = [floats(wanted), floats(got ?? "")];
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)), 0);
}

function floats(text: string): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(text, "base64"));
  return new Float32Array(bytes.buffer);
}
