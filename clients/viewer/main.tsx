import { render } from "preact";
import { Viewer } from "./lib/viewer.ts";
import { App } from "./ui/app.tsx";

const scheme = location.protocol === "https:" ? "wss" : "ws";
const viewer = new Viewer(`${scheme}://${location.host}/v1/stream`);
const root = document.getElementById("app");
if (!root) throw new Error("page: expected an element #app, got none");
render(<App viewer={viewer} />, root);
viewer.start();
