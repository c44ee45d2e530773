import { duration } from "./format.ts";
import type { ViewerState } from "./state.ts";

export type Freshness =
  | { kind: "fresh" }
  | { kind: "waiting" | "reconnecting" | "stale"; title: string; detail: string };

/** After this long without a frame the picture says nothing of the present: three bins (more where bins are gated) and the budget. */
export function staleAfterMs(state: ViewerState): number {
  if (!state.hello) return Number.POSITIVE_INFINITY;
  return Math.max(3, (state.strideBins ?? 1) + 1) * state.hello.bundle.bins.widthMs + state.hello.budgetMs;
}

function cause(state: ViewerState): string {
  const { source, decoder } = state.status ?? {};
  if (decoder && decoder.state !== "ready") return `decoder ${decoder.state}`;
  if (source && source.state !== "live") {
    const { state: is, detail } = source;
    // Many details begin with the state itself.
    return `source ${!detail || detail.startsWith(is) ? detail || is : `${is}: ${detail}`}`;
  }
  return "no frame arrives";
}

/** What must be said over the picture at `nowMs`, if anything. */
export function freshness(state: ViewerState, nowMs: number): Freshness {
  // An earlier frame is marked as past (clients/viewer/timeline), not as late news.
  if (state.past) return { kind: "fresh" };
  const age = state.frame && nowMs - state.frame.arrivedAtMs;
  if (state.link.phase !== "open") {
    const detail = age === null ? "no daemon answers" : `last picture ${duration(age)} ago`;
    const title = state.link.everOpen ? "reconnecting" : "connecting";
    return { kind: "reconnecting", title, detail };
  }
  if (age === null)
    return { kind: "waiting", title: "waiting", detail: state.status ? cause(state) : "for the first frame" };
  if (age <= staleAfterMs(state)) return { kind: "fresh" };
  return { kind: "stale", title: `stale for ${duration(age)}`, detail: cause(state) };
}
