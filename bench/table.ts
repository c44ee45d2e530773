/** Percentiles of a stage as a row of the table, ms; values that are not numbers are left out. */
export function row(name: string, values: readonly number[]): string[] {
  const sorted = Float64Array.from(values.filter(Number.isFinite)).sort();
  const at = (p: number) => sorted[Math.min(sorted.length - 1, Math.ceil((p / 100) * sorted.length) - 1)] ?? Number.NaN;
  return [name, ...[50, 99, 99.9, 100].map((p) => at(p).toFixed(2)), String(sorted.length)];
}

/** A Markdown table, aligned so that it reads in a terminal too. */
export function table(rows: readonly string[][]): string[] {
  const all = [["ms", "p50", "p99", "p99.9", "max", "N"], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((cells) => cells[column]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(" | ")} |`;
  const rule = `|${widths.map((width, i) => (i === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  return [line(all[0]!), rule, ...all.slice(1).map(line)];
}
