import type { Distribution } from "./distribution.ts";

/** Percentiles of a stage as a row of the table, ms; values that are not numbers are left out. */
export function row(name: string, values: readonly number[]): string[] {
  const sorted = Float64Array.from(values.filter(Number.isFinite)).sort();
  const at = (p: number) => sorted[Math.min(sorted.length - 1, Math.ceil((p / 100) * sorted.length) - 1)] ?? Number.NaN;
  return [name, ...[50, 90, 99, 99.9, 100].map((p) => at(p).toFixed(2)), String(sorted.length)];
}

/** The same of a distribution that was kept. */
export function distributionRow(name: string, { n, p50, p90, p99, p999, max }: Distribution): string[] {
  return [name, ...[p50, p90, p99, p999, max].map((ms) => ms.toFixed(2)), String(n)];
}

/** A Markdown table, aligned so that it reads in a terminal too. */
export function table(rows: readonly string[][], head = ["ms", "p50", "p90", "p99", "p99.9", "max", "N"]): string[] {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, i) => (i === 0 ? (cells[i] ?? "").padEnd(width) : (cells[i] ?? "").padStart(width))).join(" | ")} |`;
  const rule = `|${widths.map((width, i) => (i === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  return [line(head), rule, ...rows.map(line)];
}
