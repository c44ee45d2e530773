import { duration, fixed, percent } from "../lib/format.ts";
import { freshness } from "../lib/freshness.ts";
import type { Frame } from "../lib/state.ts";
import type { Viewer } from "../lib/viewer.ts";
import { indexOfMax } from "./bars.ts";

/** A late frame lasts one bin: its mark stays this long, to be seen. */
const LATE_HOLD_MS = 1000;

function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** The top class of the first class readout, in words. */
function topClass(viewer: Viewer, frame: Frame): { word: string; probability: string } {
  const readout = viewer.state.hello?.bundle.readouts.find(({ kind }) => kind === "class");
  const values = readout && frame.readouts[readout.name];
  if (!readout || !values) return { word: "", probability: "" };
  const top = indexOfMax(values);
  return { word: readout.labels[top] ?? `class ${top}`, probability: percent(values[top] ?? 0) };
}

/** Each measure in words, and whether it fails; those that the bundle cannot tell are left out. */
function reasons(viewer: Viewer, frame: Frame): Record<string, { text: string; fails: boolean }> {
  const limits = viewer.state.hello?.bundle.evidence;
  const { bits, explained, atypicality } = frame;
  const against = (value: number | null, threshold: number | null | undefined, digits: number, sign: 1 | -1) => ({
    text: fixed(value, digits),
    fails: value !== null && sign * value < sign * (threshold ?? Number.NaN),
  });
  return {
    bits: against(bits, limits?.bitsThreshold, 1, 1),
    explained: against(explained, limits?.explainedThreshold, 2, 1),
    atypicality: against(atypicality, limits?.atypicalityThreshold, 2, -1),
  };
}

/** How a picture is marked: a held one is never without its mark. */
function mark({ heldMs }: Frame, late: boolean): [look: string, words: string] {
  if (heldMs !== null) return ["held", `held, ${duration(heldMs)} old`];
  return late ? ["late", "late"] : ["ok", "on time"];
}

/** Everything that is said on and around the decoded picture, every frame: state, overlay, reasons, top class. */
export function verdictPainter(viewer: Viewer, card: HTMLElement) {
  const find = (selector: string) => card.querySelector<HTMLElement>(selector)!;
  const [badge, title, detail] = [find(".badge"), find(".overlay .title"), find(".overlay .detail")];
  const [word, probability] = [find(".caption .word"), find(".caption .num")];
  const list = [...card.querySelectorAll<HTMLElement>("[data-reason]")];
  let lateUntilMs = 0;
  let seen: Frame | null = null;

  const say = (frame: Frame, nowMs: number, readable: boolean) => {
    if (frame !== seen && frame.state === "late") lateUntilMs = nowMs + LATE_HOLD_MS;
    seen = frame;
    const blind = frame.state === "no-reconstruction";
    const [look, words] = blind ? ["none", "no reconstruction"] : mark(frame, nowMs < lateUntilMs);
    card.dataset.state = look;
    setText(badge, words);
    const top = blind ? { word: "", probability: "" } : topClass(viewer, frame);
    if (readable || word.textContent !== top.word) setText(probability, top.probability);
    setText(word, top.word);
    if (!blind) return;
    const why = reasons(viewer, frame);
    for (const item of list) {
      const reason = why[item.dataset.reason ?? ""];
      item.classList.toggle("fails", !!reason?.fails);
      setText(item.querySelector<HTMLElement>(".num")!, reason?.text ?? "");
    }
  };

  const paint = (nowMs: number, readable: boolean) => {
    const { frame } = viewer.state;
    const fresh = freshness(viewer.state, nowMs);
    card.dataset.fresh = fresh.kind;
    if (frame) say(frame, nowMs, readable);
    if (fresh.kind === "fresh") return;
    setText(badge, fresh.kind === "stale" ? "stale" : fresh.title);
    setText(title, fresh.title);
    setText(detail, fresh.detail);
  };
  return { paint, release: () => {} };
}
