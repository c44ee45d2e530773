import { fixed, percent, signed } from "../lib/format.ts";
import type { Viewer } from "../lib/viewer.ts";

function fill(element: Element | null | undefined, fraction: number): void {
  if (element instanceof HTMLElement)
    element.style.transform = `scaleX(${Math.max(0, Math.min(1, fraction)).toFixed(4)})`;
}

export function indexOfMax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

/** Probability bars of one class readout: `root` has a `.bar` with a `.fill` and a `.num` for each label. */
export function classPainter(viewer: Viewer, root: HTMLElement, name: string) {
  const bars = [...root.querySelectorAll<HTMLElement>(".bar")];
  let drawn: Float32Array | undefined;
  let lastTop = -1;
  const paint = (_nowMs: number, readable: boolean) => {
    const { frame } = viewer.state;
    const values = frame?.readouts[name];
    if (!values || (values === drawn && !readable)) return;
    drawn = values;
    root.classList.toggle("unsupported", frame.state === "no-reconstruction");
    const top = indexOfMax(values);
    const numerals = top !== lastTop || readable;
    lastTop = top;
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
  const paint = (_nowMs: number, readable: boolean) => {
    const values = viewer.state.frame?.readouts[name];
    if (!values || !readable) return;
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
  const paint = (_nowMs: number, readable: boolean) => {
    const value = gauge.read(viewer);
    fill(root.querySelector(".fill"), (value ?? 0) / gauge.full);
    root.classList.toggle("fails", value !== null && gauge.fails(viewer, value));
    if (readable) root.querySelector(".num")!.textContent = fixed(value, gauge.digits);
  };
  return { paint, release: () => {} };
}
