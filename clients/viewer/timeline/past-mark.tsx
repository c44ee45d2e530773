import { useEffect, useRef } from "preact/hooks";
import { duration } from "../lib/format.ts";
import type { Viewer } from "../lib/viewer.ts";

/** Over the picture while it is not of now: how long ago it came. */
export function PastMark({ viewer }: { viewer: Viewer }) {
  const mark = useRef<HTMLParagraphElement>(null);
  useEffect(
    () =>
      viewer.loop.add((nowMs) => {
        const { past } = viewer.state;
        const text = past ? `past, ${duration(Math.max(0, nowMs - past.arrivedAtMs))} ago` : "";
        if (mark.current && mark.current.textContent !== text) mark.current.textContent = text;
      }),
    [viewer],
  );
  return <p ref={mark} class="past-mark" />;
}
