import { ms } from "../lib/format.ts";
import type { Parts } from "../lib/stages.ts";
import type { Viewer } from "../lib/viewer.ts";
import { METER_BUDGETS } from "./timing.ts";

/** Segments one after the other, in parts of one and a half budgets, and their numerals. */
function drawRow(row: HTMLElement, parts: Parts, budgetMs: number, readable: boolean): void {
  const full = budgetMs * METER_BUDGETS;
  const segments = row.querySelectorAll<HTMLElement>(".track i");
  let from = 0;
  parts.forEach((part, i) => {
    const segment = segments[i]!;
    segment.style.left = `${Math.min(100, (100 * from) / full).toFixed(2)}%`;
    segment.style.width = `${Math.min(100, (100 * part) / full).toFixed(2)}%`;
    from += part;
  });
  if (!readable) return;
  row.querySelectorAll("td.num").forEach((cell, i) => {
    cell.textContent = ms(parts[i]);
  });
}

export function waterfallPainter(viewer: Viewer, root: HTMLElement) {
  const row = (name: string) => root.querySelector<HTMLElement>(`[data-row="${name}"]`)!;
  for (const mark of root.querySelectorAll<HTMLElement>(".mark")) mark.style.left = `${100 / METER_BUDGETS}%`;
  let drawn = -1;
  const paint = (_nowMs: number, readable: boolean) => {
    const { stages, hello, frame } = viewer.state;
    const budgetMs = frame?.budgetMs ?? hello?.budgetMs;
    if (!stages.newest || !budgetMs) return;
    if (readable || stages.version !== drawn) drawRow(row("newest"), frame?.parts ?? stages.newest, budgetMs, readable);
    drawn = stages.version;
    if (readable) drawRow(row("median"), stages.median()!, budgetMs, true);
  };
  return { paint, release: () => {} };
}
