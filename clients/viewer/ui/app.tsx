import { useEffect, useState } from "preact/hooks";
import type { HelloBody } from "../../../src/protocol/messages.ts";
import type { Viewer } from "../lib/viewer.ts";
import { Announcer } from "./announcer.tsx";
import { Decoded } from "./decoded.tsx";
import { Evidence } from "./evidence.tsx";
import { Header } from "./header.tsx";
import { TICK_MS } from "./hooks.ts";
import { Latents } from "./latents.tsx";
import { Ledger } from "./ledger.tsx";
import { Raster } from "./raster.tsx";
import { Readouts } from "./readouts.tsx";
import { Stimulus } from "./stimulus.tsx";
import { Timing } from "./timing.tsx";

/** Freezing by the button or the space key. */
function useFreeze(viewer: Viewer): [boolean, () => void] {
  const [frozen, setFrozen] = useState(false);
  const toggle = () => {
    viewer.loop.frozen = !viewer.loop.frozen;
    setFrozen(viewer.loop.frozen);
  };
  useEffect(() => viewer.shortcuts.add({ key: " ", does: "freeze, or go on", run: toggle }), [viewer]);
  return [frozen, toggle];
}

function useShortcuts({ shortcuts }: Viewer): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => shortcuts.handle(event);
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, [shortcuts]);
}

/** The greeting of the daemon; the panels that depend on the bundle are made anew when it changes. */
function useHello(viewer: Viewer): HelloBody | null {
  const [hello, setHello] = useState(viewer.state.hello);
  useEffect(() => {
    const timer = window.setInterval(() => setHello(viewer.state.hello), TICK_MS);
    return () => window.clearInterval(timer);
  }, [viewer]);
  return hello;
}

export function App({ viewer }: { viewer: Viewer }) {
  const hello = useHello(viewer);
  const [frozen, toggle] = useFreeze(viewer);
  useShortcuts(viewer);
  const key = hello ? `${hello.session} ${hello.bundle.digest}` : "";
  return (
    <div class="app" data-frozen={frozen}>
      <Header viewer={viewer} hello={hello} frozen={frozen} toggle={toggle} />
      <main>
        <div class="left">
          <div class="pictures">
            <Decoded viewer={viewer} hello={hello} />
            <Stimulus viewer={viewer} />
          </div>
          <Raster viewer={viewer} units={hello?.bundle.units ?? null} />
        </div>
        <div class="right">
          <div class="panel reading">
            <Readouts key={key} viewer={viewer} hello={hello} />
            <Evidence key={key} viewer={viewer} hello={hello} />
          </div>
          <Latents key={key} viewer={viewer} groups={hello?.bundle.latents.groups ?? []} />
          <Timing viewer={viewer} budgetMs={hello?.budgetMs ?? null} />
        </div>
      </main>
      <Ledger viewer={viewer} />
      <Announcer viewer={viewer} />
    </div>
  );
}
