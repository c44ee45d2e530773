import type { Viewer } from "../lib/viewer.ts";
import { openSurface } from "./canvas.ts";
import { COLOURS } from "./colours.ts";
import { drawSmooth } from "./picture.ts";

const KEPT = 128;
const GREY = "#808080";

type Held = { image: HTMLImageElement | null; state: "loading" | "picture" | "missing" };

/** Fetched and not given to an <img> by its address, which could not say who asks for it. */
async function fetchInto(held: Held, fetched: Promise<Response>): Promise<void> {
  let address = "";
  try {
    const answer = await fetched;
    if (!answer.ok) throw new Error(`picture: expected 200, got ${answer.status}`);
    address = URL.createObjectURL(await answer.blob());
    const image = new Image();
    image.src = address;
    await image.decode();
    Object.assign(held, { image, state: "picture" });
  } catch {
    held.state = "missing";
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** Pictures by address, loaded once; the oldest are let go. */
function pictureCache(viewer: Viewer) {
  const all = new Map<string, Held>();
  return (url: string): Held => {
    const known = all.get(url);
    if (known) return known;
    const held: Held = { image: null, state: "loading" };
    all.set(url, held);
    fetchInto(held, viewer.access.fetch(url));
    if (all.size > KEPT) all.delete(all.keys().next().value ?? "");
    return held;
  };
}

/** What is on the rig's screen, in a word, so that it is drawn once. */
function look(held: Held | null, id: string | null): string {
  if (id === null) return "none";
  return held?.state ?? (id === "blank" ? "blank" : "unknown");
}

export function stimulusPainter(viewer: Viewer, canvas: HTMLCanvasElement) {
  const surface = openSurface(canvas);
  const picture = pictureCache(viewer);
  let drawn = "";
  const paint = () => {
    const { current } = viewer.state.stimuli;
    const held = current?.url ? picture(current.url) : null;
    const state = look(held, current?.id ?? null);
    const key = `${surface.version} ${state} ${current?.id}`;
    if (key === drawn) return;
    drawn = key;
    canvas.dataset.stimulus = current?.id ?? "";
    canvas.dataset.look = state;
    surface.pen.fillStyle = state === "none" ? COLOURS.field : GREY;
    surface.pen.fillRect(0, 0, canvas.width, canvas.height);
    if (held?.image) drawSmooth(surface, held.image);
  };
  return { paint, release: surface.release };
}
