import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** What the comparison needs to know of a bundle; the systems read it themselves. */
export interface BenchBundle {
  readonly dir: string;
  readonly kind: string;
  readonly labels: readonly string[];
  readonly widthMs: number;
  readonly window: number;
}

export function openBundle(dir: string): BenchBundle {
  const { kind, units, bins } = readManifest(dir);
  return { dir: resolve(dir), kind, labels: units.labels, widthMs: bins.widthMs, window: bins.window };
}

export function readManifest(dir: string) {
  return JSON.parse(readFileSync(join(dir, "manifest.json"), "utf8"));
}

/** The same matrices for bins of another width: what they say is no longer meant, what they cost is the same. */
export function withBinWidth(dir: string, widthMs: number): string {
  const manifest = readManifest(dir);
  if (manifest.bins.widthMs === widthMs) return dir;
  const copy = mkdtempSync(join(tmpdir(), "phosphene-"));
  cpSync(dir, copy, { recursive: true });
  const bins = { ...manifest.bins, widthMs };
  writeFileSync(join(copy, "manifest.json"), JSON.stringify({ ...manifest, bins }));
  return copy;
}
