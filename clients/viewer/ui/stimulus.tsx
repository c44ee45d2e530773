import type { Viewer } from "../lib/viewer.ts";
import { stimulusPainter } from "../paint/stimulus.ts";
import { usePainter } from "./hooks.ts";

/** What the rig shows the subject, so that the decoded picture has something to be compared with. */
export function Stimulus({ viewer }: { viewer: Viewer }) {
  const card = usePainter<HTMLElement>(viewer, (element) => captionPainter(viewer, element));
  const canvas = usePainter<HTMLCanvasElement>(viewer, (element) => stimulusPainter(viewer, element));
  return (
    <section ref={card} class="panel card stimulus" aria-labelledby="stimulus-title">
      <div class="head">
        <h2 id="stimulus-title">Stimulus</h2>
        <span class="hint" />
      </div>
      <div class="screen">
        <canvas ref={canvas} id="stimulus" role="img" aria-label="Picture that the rig shows" />
        <p class="blank" />
      </div>
      <p class="caption">
        <span class="word" />
      </p>
    </section>
  );
}

const FIELD_WORDS: Record<string, string> = {
  none: "no stimulus event yet",
  blank: "blank",
  missing: "picture missing",
  unknown: "picture unknown",
};

function captionPainter(viewer: Viewer, card: HTMLElement) {
  const canvas = card.querySelector("canvas")!;
  const [word, blank] = [card.querySelector(".word")!, card.querySelector(".blank")!];
  const hint = card.querySelector(".hint")!;
  const setHint = (text: string) => {
    if (hint.textContent !== text) hint.textContent = text;
  };
  const paint = () => {
    const look = canvas.dataset.look ?? "none";
    if (card.dataset.look !== look) {
      card.dataset.look = look;
      blank.textContent = FIELD_WORDS[look] ?? "";
    }
    const known = viewer.state.link.phase === "open" && viewer.state.status?.source.state !== "lost";
    card.classList.toggle("old", !known);
    setHint(known || !viewer.state.stimuli.current ? "shown by the rig" : "last known");
    const id = viewer.state.stimuli.current?.id ?? "–";
    if (word.textContent !== id) word.textContent = id;
  };
  return { paint, release: () => {} };
}
