import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Freezable, Painter } from "../lib/loop.ts";
import type { Viewer } from "../lib/viewer.ts";

export const TICK_MS = 250;

/** Renders the component again four times a second: the tree shows the state, it does not follow every message. */
export function useTick(): number {
  const [tick, setTick] = useState(0);
  useEffect(() => {
    const timer = window.setInterval(() => setTick((n) => n + 1), TICK_MS);
    return () => window.clearInterval(timer);
  }, []);
  return tick;
}

export interface Painting {
  paint: Painter;
  release(): void;
}

/** Hands an element to a painter of the page's loop for as long as it is on the page; `key` tells when to start anew. */
export function usePainter<E extends HTMLElement>(
  viewer: Viewer,
  make: (element: E) => Painting,
  key: string = "",
  freezable: Freezable = "frame",
): RefObject<E | null> {
  const ref = useRef<E>(null);
  useEffect(() => {
    if (!ref.current) return;
    const painting = make(ref.current);
    const remove = viewer.loop.add(painting.paint, { freezable });
    return () => {
      remove();
      painting.release();
    };
  }, [viewer, key]);
  return ref;
}
