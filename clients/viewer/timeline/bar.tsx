import type { TargetedPointerEvent } from "preact";
import { useState } from "preact/hooks";
import { duration } from "../lib/format.ts";
import { nameOf } from "../lib/shortcuts.ts";
import type { Viewer } from "../lib/viewer.ts";
import { usePainter, useTick } from "../ui/hooks.ts";
import { momentOf } from "./axis.ts";
import { timelineKeys } from "./keys.ts";
import { stretchOf, stripPainter } from "./strip.ts";
import type { Timeline } from "./timeline.ts";

const WORDS = { ok: "on time", late: "late", held: "held", "no-reconstruction": "no reconstruction" };

/** Which frame is shown, for a screen reader: it changes with the cursor, not with time. */
function shownText(timeline: Timeline): string {
  const kept = timeline.cursor === null ? null : timeline.ring.at(timeline.cursor);
  if (timeline.cursor === null) return "live";
  return kept ? `frame ${kept.seq}, ${WORDS[kept.state]}` : "a frame that is kept no more";
}

/** The moment under the pointer, page clock. */
function momentAt(timeline: Timeline, { currentTarget, clientX }: TargetedPointerEvent<HTMLElement>): number {
  const { left, width } = currentTarget.getBoundingClientRect();
  const { nowMs, lengthMs } = stretchOf(timeline, performance.now());
  return momentOf((clientX - left) / width, nowMs, lengthMs);
}

/** What there was at a moment: how long ago, which stimulus, what came of it. */
function momentText({ ring, stimuli }: Timeline, atMs: number): string {
  const ago = `${duration(Math.max(0, performance.now() - atMs))} ago`;
  const kept = ring.at(ring.firstSince(atMs) - 1);
  const stimulus = stimuli.at(ring.firstSince(atMs) - 1)?.id;
  return kept ? [ago, stimulus, WORDS[kept.state]].filter(Boolean).join(" · ") : `${ago} · nothing kept`;
}

/** The strip as a slider: pointer, finger or keys. */
function Scrub({ viewer, timeline, hover }: { viewer: Viewer; timeline: Timeline; hover(text: string): void }) {
  const canvas = usePainter<HTMLCanvasElement>(viewer, (element) => stripPainter(timeline, element), "", false);
  const keys = timelineKeys(timeline).filter(({ key }) => key !== " ");
  const { oldest, end } = timeline.ring;
  return (
    <div
      class="scrub"
      role="slider"
      tabIndex={0}
      aria-label="Timeline: frame that is shown"
      aria-valuemin={oldest}
      aria-valuemax={Math.max(oldest, end - 1)}
      aria-valuenow={timeline.cursor ?? Math.max(oldest, end - 1)}
      aria-valuetext={shownText(timeline)}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        timeline.seekTime(momentAt(timeline, event));
      }}
      onPointerMove={(event) => {
        const atMs = momentAt(timeline, event);
        hover(momentText(timeline, atMs));
        if (event.currentTarget.hasPointerCapture(event.pointerId)) timeline.seekTime(atMs);
      }}
      onPointerLeave={() => hover("")}
      onKeyDown={(event) => {
        const found = keys.find(({ key }) => key === nameOf(event));
        if (!found) return;
        event.preventDefault();
        found.run(event);
      }}
    >
      <canvas ref={canvas} />
    </div>
  );
}

function keptText({ ring }: Timeline): string {
  if (ring.size === 0) return "nothing kept yet";
  const heldMs = performance.now() - ring.arrivedAtMs(ring.oldest);
  return `${duration(heldMs)} kept, ${(ring.bytes / 1e6).toFixed(0)} MB`;
}

/** What is kept, or what is under the pointer. */
function Hint({ timeline, hovered }: { timeline: Timeline; hovered: string }) {
  useTick();
  return <span class="hint">{hovered || keptText(timeline)}</span>;
}

interface Props {
  viewer: Viewer;
  timeline: Timeline;
  /** The page shows a frame of then. */
  past: boolean;
  /** What became of the last picture that was to be saved. */
  said: string;
  save(): void;
}

/** The last minutes to scroll back over, and what can be done with the frame that is shown. */
export function TimelineBar({ viewer, timeline, past, said, save }: Props) {
  const [hovered, hover] = useState("");
  return (
    <section class="panel timeline" aria-labelledby="timeline-title">
      <div class="head">
        <h2 id="timeline-title">Timeline</h2>
        <Hint timeline={timeline} hovered={hovered} />
        <span class="said" role="status">
          {said}
        </span>
        <span class="actions">
          <button type="button" class="live" disabled={!past} onClick={() => timeline.live()}>
            Live <kbd>end</kbd>
          </button>
          <button type="button" class="save" aria-keyshortcuts="S" onClick={save}>
            Save PNG <kbd>s</kbd>
          </button>
        </span>
      </div>
      <Scrub viewer={viewer} timeline={timeline} hover={hover} />
    </section>
  );
}
