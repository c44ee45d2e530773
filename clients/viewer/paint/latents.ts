import type { Latents } from "../lib/state.ts";
import type { Viewer } from "../lib/viewer.ts";
import { openSurface, type Surface } from "./canvas.ts";
import { COLOURS } from "./colours.ts";

/** Half height of the axis in standard deviations of the prior. */
const REACH = 3.2;

function drawAxis({ canvas, pen, ratio }: Surface): void {
  const { width, height } = canvas;
  pen.clearRect(0, 0, width, height);
  pen.fillStyle = COLOURS.line;
  for (const sd of [-2, 0, 2]) {
    const y = Math.round((height / 2) * (1 - sd / REACH));
    pen.globalAlpha = sd === 0 ? 1 : 0.55;
    pen.fillRect(0, y, width, ratio);
  }
  pen.globalAlpha = 1;
}

/** One latent: a bar from zero to its mean, a whisker of one posterior standard deviation each way where there is one. */
function drawLatent({ canvas, pen, ratio }: Surface, x: number, pitch: number, mean: number, sd: number): void {
  const middle = canvas.height / 2;
  const y = (value: number) => middle * (1 - Math.max(-REACH, Math.min(REACH, value)) / REACH);
  const wide = Math.max(ratio, Math.min(pitch * 0.62, 14 * ratio));
  const centre = x + pitch / 2;
  pen.fillStyle = COLOURS.accent;
  pen.fillRect(centre - wide / 2, Math.min(y(mean), middle), wide, Math.max(ratio, Math.abs(y(mean) - middle)));
  if (Number.isNaN(sd)) return;
  pen.fillStyle = COLOURS.whisker;
  pen.fillRect(centre - ratio / 2, y(mean + sd), ratio, Math.max(ratio, y(mean - sd) - y(mean + sd)));
}

/** The latents [from, from + size) of one group as signed bars. */
export function latentsPainter(viewer: Viewer, canvas: HTMLCanvasElement, from: number, size: number) {
  const surface = openSurface(canvas);
  let drawn: Latents | null = null;
  let version = -1;
  const paint = () => {
    const { latents } = viewer.state;
    if (latents === drawn && version === surface.version) return;
    drawn = latents;
    version = surface.version;
    drawAxis(surface);
    if (!latents) return;
    const pitch = canvas.width / size;
    for (let i = 0; i < size; i++) {
      drawLatent(surface, i * pitch, pitch, latents.mu[from + i] ?? 0, latents.sd[from + i] ?? Number.NaN);
    }
  };
  return { paint, release: surface.release };
}
