import { freshness } from "../lib/freshness.ts";
import type { Painter } from "../lib/loop.ts";
import type { Frame, ViewerState } from "../lib/state.ts";
import type { Viewer } from "../lib/viewer.ts";
import { rgbSheet } from "../paint/sheet.ts";
import { patchBox, pictureBox, type Size } from "./layout.ts";
import type { SubjectOptions } from "./options.ts";
import type { Screen } from "./screen.ts";

/** Half of full drive: what a blank of the rig is, too. */
const GREY = "#808080";
const SQUARE: Size = { width: 1, height: 1 };

/** The frame whose picture may be shown now: none of an old moment, none that was not reconstructed. */
function presentable(state: ViewerState, nowMs: number): Frame | null {
  const { frame } = state;
  return frame && frame.state !== "no-reconstruction" && freshness(state, nowMs).kind === "fresh" ? frame : null;
}

/**
 * Paints picture and patch into one canvas in one animation frame: what a photodiode sees of the patch is when the picture came.
 * The patch changes with every frame of the daemon that reaches the screen, also with one that says "no reconstruction".
 */
export function subjectPainter(viewer: Viewer, screen: Screen, options: SubjectOptions): Painter {
  const { canvas, pen } = screen;
  const sheet = rgbSheet();
  let drawn = "";
  let seen: Frame | null = null;
  let last: Frame | null = null;
  let white = false;

  const draw = (picture: Frame | null, size: Size) => {
    pen.fillStyle = "#000";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    const { x, y, width, height } = pictureBox(canvas, size, options.scale);
    pen.fillStyle = GREY;
    if (!picture && options.empty === "grey") pen.fillRect(x, y, width, height);
    pen.imageSmoothingEnabled = options.scale === "smooth";
    pen.imageSmoothingQuality = "high";
    if (picture) pen.drawImage(sheet(picture), x, y, width, height);
    if (options.patch === null) return;
    const patch = patchBox(canvas, options.patch, Math.round(options.size * screen.ratio));
    pen.fillStyle = white ? "#fff" : "#000";
    pen.fillRect(patch.x, patch.y, patch.width, patch.height);
  };

  return (nowMs) => {
    const { state } = viewer;
    const { frame } = state;
    const shown = presentable(state, nowMs);
    if (shown) last = shown;
    const picture = shown ?? (options.empty === "last" ? last : null);
    const isNew = frame !== null && frame !== seen;
    if (isNew) white = !white;
    seen = frame;
    const key = `${screen.version} ${white} ${picture?.seq}`;
    if (!isNew && key === drawn) return;
    drawn = key;
    draw(picture, picture ?? last ?? state.hello?.bundle.image ?? SQUARE);
    if (isNew) viewer.painted(frame.seq, frame.closedMs);
    const look = shown ? "picture" : options.empty;
    Object.assign(canvas.dataset, { seq: String(frame?.seq ?? ""), patch: white ? "white" : "black", look });
  };
}
