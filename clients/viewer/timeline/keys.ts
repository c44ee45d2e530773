import type { Shortcut } from "../lib/shortcuts.ts";
import type { Timeline } from "./timeline.ts";

const SECOND_MS = 1000;

/** The keys that move through the timeline. */
export function timelineKeys(timeline: Timeline): Shortcut[] {
  return [
    { key: " ", does: "freeze, or go on", run: () => timeline.toggle() },
    { key: "ArrowLeft", does: "one frame back", repeats: true, run: () => timeline.step(-1) },
    { key: "ArrowRight", does: "one frame on", repeats: true, run: () => timeline.step(1) },
    { key: "Shift+ArrowLeft", does: "one second back", repeats: true, run: () => timeline.skip(-SECOND_MS) },
    { key: "Shift+ArrowRight", does: "one second on", repeats: true, run: () => timeline.skip(SECOND_MS) },
    { key: "Home", does: "the oldest frame that is kept", run: () => timeline.seek(timeline.ring.oldest) },
    { key: "End", does: "live again", run: () => timeline.live() },
  ];
}
