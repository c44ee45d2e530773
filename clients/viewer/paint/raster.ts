import type { RasterRing } from "../lib/raster-ring.ts";
import { RASTER_SECONDS } from "../lib/state.ts";
import type { Viewer } from "../lib/viewer.ts";
import { openSurface } from "./canvas.ts";
import { drawIntervals, drawScales, drawSilence, MARGIN, type Plot } from "./raster-frame.ts";
import { RasterStrip } from "./raster-strip.ts";

/** With reduced motion the raster steps instead of gliding. */
const STEP_S = 0.5;

/** Takes the bins that came since the last turn; a reader that fell out of the ring starts again from its oldest bin. */
function feeder(strip: RasterStrip) {
  let ring: RasterRing | null = null;
  let cursor = 0;
  let rows = 0;
  return {
    restart(): void {
      ring = null;
    },
    feed(next: RasterRing, plot: Plot, units: number, dotPx: number): void {
      if (next !== ring || units !== rows || cursor < next.oldest) {
        strip.reset(plot.width, plot.height, units);
        ring = next;
        rows = units;
        cursor = next.oldest;
      }
      for (; cursor < next.cursor; cursor++) {
        const bin = next.at(cursor);
        if (bin) strip.add(bin, dotPx);
      }
    },
  };
}

/** The last seconds of spikes, one row a unit, under the stimuli that were on. */
export function rasterPainter(viewer: Viewer, canvas: HTMLCanvasElement) {
  const surface = openSurface(canvas);
  const strip = new RasterStrip();
  const feed = feeder(strip);
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  let version = -1;

  const edgeS = (nowMs: number): number | null => {
    const serverMs = viewer.clock.toServer(nowMs);
    if (serverMs === null || viewer.state.lagMs === null) return null;
    const edge = (serverMs - viewer.state.lagMs) / 1000;
    return calm.matches ? Math.floor(edge / STEP_S) * STEP_S : edge;
  };

  const paint = (nowMs: number) => {
    const { state } = viewer;
    const { pen, ratio } = surface;
    const plot: Plot = {
      left: Math.round(MARGIN.left * ratio),
      top: Math.round(MARGIN.top * ratio),
      width: Math.max(1, canvas.width - Math.round((MARGIN.left + MARGIN.right) * ratio)),
      height: Math.max(1, canvas.height - Math.round((MARGIN.top + MARGIN.bottom) * ratio)),
      ratio,
    };
    if (version !== surface.version) feed.restart();
    version = surface.version;
    const units = state.hello?.bundle.units ?? 1;
    feed.feed(state.raster, plot, units, Math.max(1, Math.round(1.5 * ratio)));
    pen.clearRect(0, 0, canvas.width, canvas.height);
    const edge = edgeS(nowMs);
    if (edge !== null) {
      const knownS = drawSilence(pen, plot, edge, strip.endS);
      drawIntervals(pen, plot, state.stimuli.intervals, edge, knownS);
      strip.copyTo(pen, edge - RASTER_SECONDS, edge, plot.left, plot.top);
    }
    drawScales(pen, plot, units);
  };
  return { paint, release: surface.release };
}
