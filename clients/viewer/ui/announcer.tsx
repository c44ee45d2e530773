import { useMemo } from "preact/hooks";
import { Announcements } from "../lib/announcer.ts";
import { freshness } from "../lib/freshness.ts";
import type { Viewer } from "../lib/viewer.ts";
import { useTick } from "./hooks.ts";

function words(viewer: Viewer, nowMs: number): string {
  const { state } = viewer;
  if (state.past) return "an earlier frame";
  const fresh = freshness(state, nowMs);
  if (fresh.kind !== "fresh") return fresh.kind;
  return state.frame?.state === "no-reconstruction" ? "no reconstruction" : "live";
}

/** Says states that last to a screen reader: words only, so that a running number is not read out, and not every blank. */
export function Announcer({ viewer }: { viewer: Viewer }) {
  useTick();
  const announcements = useMemo(() => new Announcements(), [viewer]);
  const nowMs = performance.now();
  return (
    <p class="unseen" role="status">
      {announcements.say(words(viewer, nowMs), nowMs)}
    </p>
  );
}
