import { useEffect, useState } from "preact/hooks";
import type { HelloBody } from "../../../src/protocol/messages.ts";
import type { Viewer } from "../lib/viewer.ts";
import { TimelineBar } from "../timeline/bar.tsx";
import { useTimeline } from "../timeline/use-timeline.ts";
import { Announcer } from "./announcer.tsx";
import { Decoded } from "./decoded.tsx";
import { Desk } from "./desk.tsx";
import { Evidence } from "./evidence.tsx";
import { Header } from "./header.tsx";
import { Latents } from "./latents.tsx";
import { Ledger } from "./ledger.tsx";
import { Raster } from "./raster.tsx";
import { Readouts } from "./readouts.tsx";
import { Stimulus } from "./stimulus.tsx";
import { Unlock } from "./unlock.tsx";

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
  // In the loop, not by a timer: a picture of another bundle must not stand among the panels of the former one.
  useEffect(() => viewer.loop.add(() => setHello(viewer.state.hello)), [viewer]);
  return hello;
}

export function App({ viewer }: { viewer: Viewer }) {
  const hello = useHello(viewer);
  const { timeline, past, scrolled, toggle, said, save } = useTimeline(viewer);
  useShortcuts(viewer);
  const key = hello ? `${hello.session} ${hello.bundle.digest}` : "";
  return (
    <div class="app" data-frozen={past} data-scrolled={scrolled}>
      <Header viewer={viewer} hello={hello} frozen={past} toggle={toggle} />
      <main>
        <div class="left">
          <div class="pictures">
            <Decoded viewer={viewer} hello={hello} />
            <Stimulus viewer={viewer} />
          </div>
          <TimelineBar viewer={viewer} timeline={timeline} past={past} said={said} save={save} />
          <Raster viewer={viewer} units={hello?.bundle.units ?? null} />
        </div>
        <div class="right" data-latents={hello?.bundle.latents.dimension ?? ""}>
          <div class="panel reading">
            <Readouts key={key} viewer={viewer} hello={hello} />
            <Evidence key={key} viewer={viewer} hello={hello} />
          </div>
          <Latents key={key} viewer={viewer} bundle={hello?.bundle ?? null} />
          <Desk viewer={viewer} />
        </div>
      </main>
      <Ledger viewer={viewer} />
      <Announcer viewer={viewer} />
      <Unlock viewer={viewer} />
    </div>
  );
}
