import { useEffect, useState } from "preact/hooks";
import type { Viewer } from "../lib/viewer.ts";
import { download, pngOf } from "../save/save.ts";
import { timelineKeys } from "./keys.ts";
import { isSmall, limitsHere } from "./limits.ts";
import { Timeline } from "./timeline.ts";

/** Saves the picture of the frame that is shown and says so, or why there is none. */
async function save(viewer: Viewer, timeline: Timeline): Promise<void> {
  const { shown } = timeline;
  const { live } = viewer;
  if (!shown || !live.hello) return;
  const saved = await pngOf(shown.bytes, live.hello);
  if (saved.ok) download(saved.name, saved.png);
  const text = saved.ok ? `saved ${saved.name}` : saved.problem;
  live.note = { text, atMs: performance.now(), fault: !saved.ok };
}

/** The page's timeline with its keys; `past`: a frame of then is shown, `scrolled`: one before the page was frozen. */
export function useTimeline(viewer: Viewer) {
  const [timeline] = useState(() => new Timeline(viewer, limitsHere(isSmall())));
  const [shown, setShown] = useState({ past: false, scrolled: false });
  const saveShown = () => void save(viewer, timeline);
  useEffect(
    () => timeline.listen(() => setShown({ past: timeline.cursor !== null, scrolled: timeline.scrolled })),
    [timeline],
  );
  useEffect(
    () => viewer.shortcuts.add(...timelineKeys(timeline), { key: "s", does: "save the picture", run: saveShown }),
    [viewer, timeline],
  );
  return { timeline, save: saveShown, toggle: () => timeline.toggle(), ...shown };
}
