import { TRAIL_COLUMNS } from "../lib/latents-trail.ts";
import type { Viewer } from "../lib/viewer.ts";
import { context2d, openSurface } from "./canvas.ts";
import { rgbOf } from "./diverging.ts";

/** The last ten seconds of one group: a row a latent, time from left to right, colour by sign and size of the mean. */
export function trailPainter(viewer: Viewer, canvas: HTMLCanvasElement, from: number, size: number) {
  const surface = openSurface(canvas);
  const sheet = document.createElement("canvas");
  sheet.width = TRAIL_COLUMNS;
  sheet.height = size;
  const pen = context2d(sheet);
  const pixels = pen.createImageData(TRAIL_COLUMNS, size);
  let drawn = Number.NaN;
  let version = -1;

  const fill = () => {
    const { trail } = viewer.state;
    for (let x = 0; x < TRAIL_COLUMNS; x++) {
      const mu = trail.at(trail.newest - TRAIL_COLUMNS + 1 + x);
      for (let i = 0; i < size; i++) {
        const at = 4 * (i * TRAIL_COLUMNS + x);
        const rgb = mu && rgbOf(mu[from + i] ?? 0);
        pixels.data.set(rgb ? [...rgb, 255] : [0, 0, 0, 0], at);
      }
    }
    pen.putImageData(pixels, 0, 0);
  };

  const paint = () => {
    const { newest } = viewer.state.trail;
    if (newest === drawn && version === surface.version) return;
    drawn = newest;
    version = surface.version;
    surface.pen.clearRect(0, 0, canvas.width, canvas.height);
    if (Number.isNaN(newest)) return;
    fill();
    surface.pen.imageSmoothingEnabled = false;
    surface.pen.drawImage(sheet, 0, 0, canvas.width, canvas.height);
  };
  return { paint, release: surface.release };
}
