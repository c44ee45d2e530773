import { useEffect, useState } from "preact/hooks";
import type { Viewer } from "../lib/viewer.ts";
import { download, pngOf } from "../save/save.ts";
import { timelineKeys } from "./keys.ts";
import { isSmall, limitsHere } from "./limits.ts";
import { Timeline } from "./timeline.ts";

/** How long what became of a picture to be saved stays on the page, ms. */
const SAID_MS = 8000;

/** Saves the picture of the frame that is shown; says so in a sentence, or why there is none. */
async function save(timeline: Timeline): Promise<string> {
  const { shown } = timeline;
  if (!shown?.hello) return "no frame has come yet: there is no picture to save";
  const saved = await pngOf(shown.bytes, shown.hello);
  if (saved.ok) download(saved.name, saved.png);
  return saved.ok ? `saved ${saved.name}` : saved.problem;
}

/** What became of the picture that was to be saved last. */
function useSave(timeline: Timeline): [said: string, save: () => void] {
  const [said, setSaid] = useState("");
  useEffect(() => {
    const timer = window.setTimeout(() => setSaid(""), SAID_MS);
    return () => window.clearTimeout(timer);
  }, [said]);
  return [said, () => void save(timeline).then(setSaid)];
}

/** The page's timeline with its keys; `past`: a frame of then is shown, `scrolled`: one before the page was frozen. */
export function useTimeline(viewer: Viewer) {
  const [timeline] = useState(() => new Timeline(viewer, limitsHere(isSmall())));
  const [shown, setShown] = useState({ past: false, scrolled: false });
  const [said, saveShown] = useSave(timeline);
  useEffect(
    () => timeline.listen(() => setShown({ past: timeline.cursor !== null, scrolled: timeline.scrolled })),
    [timeline],
  );
  useEffect(
    () => viewer.shortcuts.add(...timelineKeys(timeline), { key: "s", does: "save the picture", run: saveShown }),
    [viewer, timeline],
  );
  return { timeline, said, save: saveShown, toggle: () => timeline.toggle(), ...shown };
}
