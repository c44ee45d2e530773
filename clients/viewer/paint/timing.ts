import { ms } from "../lib/format.ts";
import type { Frame } from "../lib/state.ts";
import type { Viewer } from "../lib/viewer.ts";

/** The meter holds one and a half budgets: a miss stays on the scale. */
export const METER_BUDGETS = 1.5;

/** How many, and why not more. */
function stepsText({ steps, why }: Frame): string {
  return why === "fits" ? String(steps) : `${steps} · ${why}`;
}

/** The newest frame's latency against its budget: a meter every frame, numerals five times a second. */
export function timingPainter(viewer: Viewer, root: HTMLElement) {
  const find = (name: string) => root.querySelector<HTMLElement>(`[data-value="${name}"]`)!;
  const meter = root.querySelector<HTMLElement>(".meter .fill")!;
  const paint = (nowMs: number, readable: boolean) => {
    const { frame, glassMs } = viewer.state;
    const fraction = frame ? Math.min(1, frame.totalMs / (frame.budgetMs * METER_BUDGETS)) : 0;
    meter.style.transform = `scaleX(${fraction.toFixed(4)})`;
    root.classList.toggle("missed", !!frame && frame.totalMs > frame.budgetMs);
    if (!readable) return;
    const serverMs = viewer.clock.toServer(nowMs);
    find("shown-age").textContent = ms(frame && serverMs !== null ? serverMs - frame.closedMs : null);
    find("total").textContent = ms(frame?.totalMs);
    find("age").textContent = ms(frame?.ageMs);
    find("glass").textContent = ms(glassMs);
    find("steps").textContent = frame ? stepsText(frame) : ms(null);
  };
  return { paint, release: () => {} };
}
