import { freshness } from "../lib/freshness.ts";
import { Viewer } from "../lib/viewer.ts";
import { keepAwake, listenForFullScreen } from "./awake.ts";
import { readOptions } from "./options.ts";
import { subjectPainter } from "./painter.ts";
import { openScreen } from "./screen.ts";

const TITLE_EVERY_MS = 500;

/** An address that cannot be read is for the experimenter: said instead of any picture. */
function complain(canvas: HTMLCanvasElement, problems: readonly string[]): void {
  const sentence = document.createElement("p");
  sentence.setAttribute("role", "alert");
  sentence.textContent = ["This address cannot be read.", ...problems].join("\n");
  canvas.replaceWith(sentence);
}

/** The window's title is the only place for words: a full screen does not show it. */
function sayInTitle(viewer: Viewer): void {
  const { state } = viewer;
  const fresh = freshness(state, performance.now());
  const words = fresh.kind === "fresh" ? "live" : fresh.title;
  document.title = `Phosphene subject: ${state.link.phase === "locked" ? "wants #token=…" : words}`;
}

const canvas = document.querySelector<HTMLCanvasElement>("#subject")!;
const read = readOptions(location.search);
if (!read.ok) complain(canvas, read.problems);
else {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const viewer = new Viewer(`${scheme}://${location.host}/v1/stream`, ["frame"]);
  viewer.start();
  // After the loop's own turn, which reports what was painted in the turn before.
  viewer.loop.add(subjectPainter(viewer, openScreen(canvas), read.options));
  keepAwake();
  listenForFullScreen();
  window.setInterval(() => sayInTitle(viewer), TITLE_EVERY_MS);
}
