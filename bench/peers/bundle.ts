import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { retimed } from "../retime.ts";

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

/** The bundle, or a copy of it for bins of another width. */
export async function withBinWidth(dir: string, widthMs: number): Promise<string> {
  return openBundle(dir).widthMs === widthMs ? dir : retimed(dir, widthMs);
}
