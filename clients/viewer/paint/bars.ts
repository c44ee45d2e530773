import { fixed, percent, signed } from "../lib/format.ts";
import type { Viewer } from "../lib/viewer.ts";

/** Numerals change at most this often: faster cannot be read. */
export const NUMERALS_EVERY_MS = 200;

function fill(element: Element | null | undefined, fraction: number): void {
  if (element instanceof HTMLElement)
    element.style.transform = `scaleX(${Math.max(0, Math.min(1, fraction)).toFixed(4)})`;
}

/** Says true at most every 200 ms. */
export function throttle(): (nowMs: number) => boolean {
  let lastMs = Number.NEGATIVE_INFINITY;
  return (nowMs) => {
    if (nowMs - lastMs < NUMERALS_EVERY_MS) return false;
    lastMs = nowMs;
    return true;
  };
}

export function indexOfMax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

/** Probability bars of one class readout: `root` has a `.bar` with a `.fill` and a `.num` for each label. */
export function classPainter(viewer: Viewer, root: HTMLElement, name: string) {
  const bars = [...root.querySelectorAll<HTMLElement>(".bar")];
  const readable = throttle();
  let drawn: Float32Array | undefined;
  const paint = (nowMs: number) => {
    const { frame } = viewer.state;
    const values = frame?.readouts[name];
    if (!values || values === drawn) return;
    drawn = values;
    root.classList.toggle("unsupported", frame.state === "no-reconstruction");
    const top = indexOfMax(values);
    const numerals = readable(nowMs);
    bars.forEach((bar, i) => {
      fill(bar.querySelector(".fill"), values[i] ?? 0);
      bar.classList.toggle("top", i === top);
      if (numerals) bar.querySelector(".num")!.textContent = percent(values[i] ?? 0);
    });
  };
  return { paint, release: () => {} };
}

/** Values of one readout: `root` has a `.num` for each label. */
export function valuePainter(viewer: Viewer, root: HTMLElement, name: string) {
  const cells = [...root.querySelectorAll<HTMLElement>(".num")];
  const readable = throttle();
  const paint = (nowMs: number) => {
    const values = viewer.state.frame?.readouts[name];
    if (!values || !readable(nowMs)) return;
    cells.forEach((cell, i) => {
      const value = values[i] ?? 0;
      cell.textContent = signed(value, Math.abs(value) < 10 ? 2 : 0);
    });
  };
  return { paint, release: () => {} };
}

/** One meter of the evidence: a fill against a threshold mark, red numerals when it fails. */
export interface Gauge {
  read(viewer: Viewer): number | null;
  fails(viewer: Viewer, value: number): boolean;
  full: number;
  digits: number;
}

export function gaugePainter(viewer: Viewer, root: HTMLElement, gauge: Gauge) {
  const readable = throttle();
  const paint = (nowMs: number) => {
    const value = gauge.read(viewer);
    fill(root.querySelector(".fill"), (value ?? 0) / gauge.full);
    root.classList.toggle("fails", value !== null && gauge.fails(viewer, value));
    if (readable(nowMs)) root.querySelector(".num")!.textContent = fixed(value, gauge.digits);
  };
  return { paint, release: () => {} };
}
