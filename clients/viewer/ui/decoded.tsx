import type { HelloBody } from "../../../src/protocol/messages.ts";
import { fixed } from "../lib/format.ts";
import type { Viewer } from "../lib/viewer.ts";
import { picturePainter } from "../paint/picture.ts";
import { verdictPainter } from "../paint/verdict.ts";
import { PastMark } from "../timeline/past-mark.tsx";
import { usePainter } from "./hooks.ts";

/** Why there is no reconstruction: each measure against its threshold. */
function Reasons({ hello }: { hello: HelloBody | null }) {
  const limits = hello?.bundle.evidence;
  const all = [
    { reason: "bits", name: "information", need: `at least ${fixed(limits?.bitsThreshold, 1)} bits` },
    { reason: "explained", name: "explained", need: `at least ${fixed(limits?.explainedThreshold, 2)}` },
    { reason: "atypicality", name: "atypicality", need: `at most ${fixed(limits?.atypicalityThreshold, 2)}` },
  ] as const;
  const rows = all.filter(({ reason }) => limits?.missing[reason] === undefined);
  return (
    <div class="blind">
      <p class="title">no reconstruction</p>
      <ul>
        {rows.map(({ reason, name, need }) => (
          <li key={reason} data-reason={reason}>
            <span>{name}</span> <b class="num" /> <span class="need">{need}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

export function Decoded({ viewer, hello }: { viewer: Viewer; hello: HelloBody | null }) {
  const card = usePainter<HTMLElement>(viewer, (element) => verdictPainter(viewer, element));
  const canvas = usePainter<HTMLCanvasElement>(viewer, (element) => picturePainter(viewer, element));
  return (
    <section ref={card} class="panel card decoded" aria-labelledby="decoded-title">
      <div class="head">
        <h2 id="decoded-title">Decoded</h2>
        <span class="badge" />
      </div>
      <div class="screen">
        <canvas ref={canvas} id="decoded" role="img" aria-label="Picture decoded from the spikes" />
        <Reasons hello={hello} />
        <div class="overlay">
          <p class="title" />
          <p class="detail" />
        </div>
        <PastMark viewer={viewer} />
      </div>
      <p class="caption">
        <span class="word" /> <span class="num" />
      </p>
    </section>
  );
}
