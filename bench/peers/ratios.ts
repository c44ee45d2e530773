// `node bench/peers/ratios.ts SAMPLER.json TORCH-SAMPLER.json`: our sampler beside PyTorch's, as a table; the ratio is ours over theirs at p50.
import { readFileSync } from "node:fs";
import { z } from "zod";
import { table } from "../table.ts";

const row = z.object({
  path: z.string(),
  k: z.number().nullable(),
  dtype: z.string(),
  cadenceMs: z.number(),
  n: z.number(),
  p50: z.number(),
  p99: z.number(),
});
type Row = z.infer<typeof row>;
const result = z.object({ bundle: z.string(), rows: z.array(row) });
const failures = z.object({
  about: z.record(z.string(), z.string().nullable()),
  failed: z.array(z.object({ path: z.string(), k: z.number(), dtype: z.string(), why: z.string() })),
});

const [oursPath, torchPath] = process.argv.slice(2);
if (oursPath === undefined || torchPath === undefined)
  throw new Error("expected `node bench/peers/ratios.ts SAMPLER.json TORCH-SAMPLER.json`");
const read = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));
const [ours, torch, { about, failed }] = [
  result.parse(read(oursPath)),
  result.parse(read(torchPath)),
  failures.parse(read(torchPath)),
];

const bound = ours.rows.filter(({ path, k }) => path === "bound" && k !== null);
const same = (a: Row, b: Row) => a.k === b.k && a.cadenceMs === b.cadenceMs;
const half = (dtype: string) => dtype.includes("16");
const lines = [...ours.rows.filter(({ k }) => k !== null), ...torch.rows].map((each) => {
  const mine = bound.find((other) => same(other, each) && half(other.dtype) === half(each.dtype));
  const ratio = (at: "p50" | "p99") => (mine === undefined ? "" : (mine[at] / each[at]).toFixed(2));
  const { k, path, dtype, cadenceMs, p50, p99, n } = each;
  const cadence = cadenceMs === 0 ? "none" : `${cadenceMs} ms`;
  return [String(k), cadence, dtype, path, p50.toFixed(3), p99.toFixed(3), String(n), ratio("p50"), ratio("p99")];
});
lines.sort((a, b) => Number(a[0]) - Number(b[0]) || a[1]!.localeCompare(b[1]!) || a[2]!.localeCompare(b[2]!));
const head = ["steps", "cadence", "dtype", "path", "p50, ms", "p99, ms", "N", "ours / it, p50", "p99"];
process.stdout.write(`PyTorch ${about.torch} (CUDA ${about.cuda}), ${about.device}; bundle \`${torch.bundle}\`.\n\n`);
process.stdout.write(`${table(lines, head).join("\n")}\n`);
for (const { path, k, dtype, why } of failed) process.stdout.write(`\nFailed: ${path}, ${k} steps, ${dtype}: ${why}\n`);
