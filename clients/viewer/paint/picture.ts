import type { Frame } from "../lib/state.ts";
import type { Viewer } from "../lib/viewer.ts";
import { openSurface, type Surface } from "./canvas.ts";
import { COLOURS } from "./colours.ts";
import { rgbSheet } from "./sheet.ts";

export function drawSmooth({ canvas, pen }: Surface, source: CanvasImageSource): void {
  pen.imageSmoothingEnabled = true;
  pen.imageSmoothingQuality = "high";
  pen.drawImage(source, 0, 0, canvas.width, canvas.height);
}

/** A dark field with diagonal lines: no picture could be mistaken for it. */
function drawHatched({ canvas, pen, ratio }: Surface): void {
  const { width, height } = canvas;
  const step = 14 * ratio;
  pen.fillStyle = COLOURS.ground;
  pen.fillRect(0, 0, width, height);
  pen.strokeStyle = COLOURS.hatch;
  pen.lineWidth = 3 * ratio;
  pen.beginPath();
  for (let x = -height; x < width; x += step) {
    pen.moveTo(x, height);
    pen.lineTo(x + height, 0);
  }
  pen.stroke();
}

/** The decoded picture: drawn once a frame, reported as shown. */
export function picturePainter(viewer: Viewer, canvas: HTMLCanvasElement) {
  const surface = openSurface(canvas);
  const sheet = rgbSheet();
  let drawn: Frame | null = null;
  let version = -1;
  const paint = () => {
    const { frame } = viewer.state;
    if (frame === drawn && version === surface.version) return;
    version = surface.version;
    if (!frame || frame.state === "no-reconstruction") drawHatched(surface);
    else drawSmooth(surface, sheet(frame));
    if (frame && frame !== drawn) viewer.painted(frame.seq, frame.closedMs);
    drawn = frame;
    canvas.dataset.seq = frame ? String(frame.seq) : "";
  };
  return { paint, release: surface.release };
}
