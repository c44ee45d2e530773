import type { Viewer } from "../lib/viewer.ts";
import { openSurface } from "./canvas.ts";
import { COLOURS } from "./colours.ts";
import { drawSmooth } from "./picture.ts";

const KEPT = 128;
const GREY = "#808080";

/** Pictures by address, loaded once; the oldest are let go. */
function pictureCache() {
  const held = new Map<string, HTMLImageElement>();
  return (url: string): HTMLImageElement => {
    const known = held.get(url);
    if (known) return known;
    const image = new Image();
    image.src = url;
    held.set(url, image);
    if (held.size > KEPT) held.delete(held.keys().next().value ?? "");
    return image;
  };
}

/** What is on the rig's screen, in a word, so that it is drawn once. */
function look(image: HTMLImageElement | null, id: string | null): string {
  if (id === null) return "none";
  if (!image) return id === "blank" ? "blank" : "unknown";
  if (!image.complete) return "loading";
  return image.naturalWidth > 0 ? "picture" : "missing";
}

export function stimulusPainter(viewer: Viewer, canvas: HTMLCanvasElement) {
  const surface = openSurface(canvas);
  const picture = pictureCache();
  let drawn = "";
  const paint = () => {
    const { current } = viewer.state.stimuli;
    const image = current?.url ? picture(current.url) : null;
    const state = look(image, current?.id ?? null);
    const key = `${surface.version} ${state} ${current?.id}`;
    if (key === drawn) return;
    drawn = key;
    canvas.dataset.stimulus = current?.id ?? "";
    canvas.dataset.look = state;
    surface.pen.fillStyle = state === "none" ? COLOURS.field : GREY;
    surface.pen.fillRect(0, 0, canvas.width, canvas.height);
    if (state === "picture" && image) drawSmooth(surface, image);
  };
  return { paint, release: surface.release };
}
