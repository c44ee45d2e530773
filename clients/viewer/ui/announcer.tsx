import { freshness } from "../lib/freshness.ts";
import type { Viewer } from "../lib/viewer.ts";
import { useTick } from "./hooks.ts";

/** Says changes of state to a screen reader: words only, so that a running number is not read out. */
export function Announcer({ viewer }: { viewer: Viewer }) {
  useTick();
  const fresh = freshness(viewer.state, performance.now());
  const blind = viewer.state.frame?.state === "no-reconstruction";
  const text = fresh.kind !== "fresh" ? fresh.kind : blind ? "no reconstruction" : "live";
  return (
    <p class="unseen" role="status">
      {text}
    </p>
  );
}
