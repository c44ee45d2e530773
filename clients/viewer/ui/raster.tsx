import { duration } from "../lib/format.ts";
import type { Viewer } from "../lib/viewer.ts";
import { rasterPainter } from "../paint/raster.ts";
import { usePainter, useTick } from "./hooks.ts";

/** The newest event that was no stimulus: a text of the rig, a restart of the decoder, an error. */
function LastNote({ viewer }: { viewer: Viewer }) {
  useTick();
  const { note } = viewer.state;
  if (!note) return <span class="hint" />;
  return (
    <span class={note.fault ? "hint fault" : "hint"}>
      {note.text}, {duration(Math.max(0, performance.now() - note.atMs))} ago
    </span>
  );
}

export function Raster({ viewer, units }: { viewer: Viewer; units: number | null }) {
  const canvas = usePainter<HTMLCanvasElement>(viewer, (element) => rasterPainter(viewer, element), "", "series");
  const label = `Spike raster of the last four seconds, ${units ?? "no"} units, stimuli shaded`;
  return (
    <section class="panel raster" aria-labelledby="raster-title">
      <div class="head">
        <h2 id="raster-title">Spikes</h2>
        <LastNote viewer={viewer} />
      </div>
      <canvas ref={canvas} id="raster" role="img" aria-label={label} />
    </section>
  );
}
